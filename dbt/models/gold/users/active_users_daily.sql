{%- set windows = {'wau': var('wau_days'), 'mau': var('mau_days')} %}

with

int_user_days as (
    select * from {{ ref('int_user_days') }}
    where resolved_user_id is not null
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where is_anonymous
),

digits as (
    {{ ten_digits() }}
),

numbers as (
    {{ number_series(5) }}
),

bounds as (
    select
        min(event_date) as first_date,
        max(event_date) as last_date
    from {{ ref('int_topic_days') }}
),

dates as (
    select
        {{ add_days('bounds.first_date', 'numbers.number') }} as event_date
    from numbers
    cross join bounds
    where
        numbers.number
        <= {{ days_between('bounds.first_date', 'bounds.last_date') }}
),

levels as (
    select 'all' as level

    union all

    select 'free' as level

    union all

    select 'paid' as level
),

spine as (
    select
        dates.event_date,
        levels.level
    from dates
    cross join levels
),

activity as (
    select
        account_key,
        event_date,
        'all' as level,
        sum(plays) as plays
    from int_user_days
    group by account_key, event_date

    union all

    select
        account_key,
        event_date,
        level,
        plays
    from int_user_days
    where level is not null
),

activity_with_next as (
    select
        account_key,
        event_date,
        level,
        plays,
        lead(event_date) over (
            partition by account_key, level
            order by event_date
        ) as next_date
    from activity
),

{#
    An active day counts its user in a window of n days from that day to the day before the user's next active day,
    at most n days: so each user is counted once a date, and the windows are running sums of entries and exits.
#}
movements as (
    {% for name, days in windows.items() -%}
        select
            '{{ name }}' as measure,
            event_date,
            level,
            1 as users
        from activity

        union all

        select
            '{{ name }}' as measure,
            least(
                coalesce(
                    next_date, {{ add_days('event_date', days) }}
                ),
                {{ add_days('event_date', days) }}
            ) as event_date,
            level,
            -1 as users
        from activity_with_next
        {% if not loop.last -%}
            union all
        {% endif %}
    {%- endfor %}
),

daily_movements as (
    select
        event_date,
        level,
        {% for name in windows -%}
            sum(case when measure = '{{ name }}' then users else 0 end)
                as {{ name }}_change
            {%- if not loop.last %},{% endif %}
        {% endfor -%}
    from movements
    group by event_date, level
),

daily_activity as (
    select
        event_date,
        level,
        count(*) as dau,
        sum(case when plays > 0 then 1 else 0 end) as listeners
    from activity
    group by event_date, level
),

windows as (
    select
        spine.event_date,
        spine.level,
        coalesce(daily_activity.dau, 0) as dau,
        coalesce(daily_activity.listeners, 0) as listeners,
        {% for name in windows -%}
            sum(coalesce(daily_movements.{{ name }}_change, 0)) over (
                partition by spine.level
                order by spine.event_date
                rows between unbounded preceding and current row
            ) as {{ name }},
        {% endfor -%}
        sum(coalesce(daily_activity.dau, 0)) over (
            partition by spine.level
            order by spine.event_date
            rows between 6 preceding and current row
        ) as active_days_7,
        sum(coalesce(daily_activity.dau, 0)) over (
            partition by spine.level
            order by spine.event_date
            rows between 27 preceding and current row
        ) as active_days_28
    from spine
    left join daily_activity
        on
            spine.event_date = daily_activity.event_date
            and spine.level = daily_activity.level
    left join daily_movements
        on
            spine.event_date = daily_movements.event_date
            and spine.level = daily_movements.level
),

anonymous_sessions as (
    select
        event_date,
        start_level as level,
        count(*) as sessions,
        sum(page_count) as page_views
    from int_sessions
    where start_level is not null
    group by event_date, start_level

    union all

    select
        event_date,
        'all' as level,
        count(*) as sessions,
        sum(page_count) as page_views
    from int_sessions
    group by event_date
),

final as (
    select
        cast(windows.event_date as date) as event_date,
        cast(windows.level as {{ dbt.type_string() }}) as level,
        cast(windows.dau as bigint) as dau,
        cast(windows.wau as bigint) as wau,
        cast(windows.mau as bigint) as mau,
        cast(windows.dau / nullif(cast(windows.mau as double), 0) as double)
            as stickiness,
        cast(windows.listeners as bigint) as listeners,
        cast(windows.dau - windows.listeners as bigint) as visitors,
        cast(windows.active_days_7 as bigint) as active_days_7,
        cast(windows.active_days_28 as bigint) as active_days_28,
        cast(coalesce(anonymous_sessions.sessions, 0) as bigint)
            as anonymous_sessions,
        cast(coalesce(anonymous_sessions.page_views, 0) as bigint)
            as anonymous_page_views
    from windows
    left join anonymous_sessions
        on
            windows.event_date = anonymous_sessions.event_date
            and windows.level = anonymous_sessions.level
)

select * from final
