{%- set windows = [7, 28] %}

with

int_user_days as (
    select * from {{ ref('int_user_days') }}
    where resolved_user_id is not null
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

activity as (
    select
        account_key,
        event_date,
        'all' as level
    from int_user_days
    group by account_key, event_date

    union all

    select
        account_key,
        event_date,
        level
    from int_user_days
    where level is not null
),

numbered_activity as (
    select
        account_key,
        level,
        event_date,
        {{ days_between("date '1970-01-01'", 'event_date') }} as day_number
    from activity
),

{# Active days in the window that ends with an active day, and in the first one without it. #}
counts as (
    select
        level,
        event_date,
        {% for days in windows -%}
            count(*) over (
                partition by account_key, level
                order by day_number
                range between {{ days - 1 }} preceding and current row
            ) as active_{{ days }},
            count(*) over (
                partition by account_key, level
                order by day_number
                range between 1 following and {{ days - 1 }} following
            ) as rest_{{ days }}
            {%- if not loop.last %},
            {% endif %}
        {%- endfor %}
    from numbered_activity
),

{# A user rises by a class on an active day, and falls by one when that day leaves the window. #}
movements as (
    {% for days in windows -%}
        {% for active_days, event_date, change in [
            ('active_' ~ days, 'event_date', 'count(*)'),
            ('active_' ~ days ~ ' - 1', 'event_date', '-count(*)'),
            ('rest_' ~ days ~ ' + 1', add_days('event_date', days), '-count(*)'),
            ('rest_' ~ days, add_days('event_date', days), 'count(*)'),
        ] -%}
            select
                level,
                {{ days }} as window_days,
                {{ active_days }} as active_days,
                {{ event_date }} as event_date,
                {{ change }} as change
            from counts
            where {{ active_days }} > 0
            group by level, {{ active_days }}, {{ event_date }}
            {%- if not loop.last %}

                union all

            {% endif %}
        {%- endfor %}
        {%- if not loop.last %}

            union all

        {% endif %}
    {%- endfor %}
),

daily_movements as (
    select
        level,
        window_days,
        active_days,
        event_date,
        sum(change) as change
    from movements
    group by level, window_days, active_days, event_date
),

classes as (
    select
        level,
        window_days,
        active_days
    from daily_movements
    group by level, window_days, active_days
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

class_days as (
    select
        dates.event_date,
        classes.level,
        classes.window_days,
        classes.active_days,
        sum(coalesce(daily_movements.change, 0)) over (
            partition by
                classes.level, classes.window_days, classes.active_days
            order by dates.event_date
            rows between unbounded preceding and current row
        ) as users
    from dates
    cross join classes
    left join daily_movements
        on
            dates.event_date = daily_movements.event_date
            and classes.level = daily_movements.level
            and classes.window_days = daily_movements.window_days
            and classes.active_days = daily_movements.active_days
),

final as (
    select
        cast(event_date as date) as event_date,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(window_days as smallint) as window_days,
        cast(active_days as smallint) as active_days,
        cast(users as bigint) as users
    from class_days
    where users > 0
)

select * from final
