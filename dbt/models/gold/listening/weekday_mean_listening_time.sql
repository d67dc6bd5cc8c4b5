with

int_user_days as (
    select * from {{ ref('int_user_days') }}
),

user_days as (
    select
        account_key,
        activity_date,
        {{ iso_weekday('activity_date') }} as iso_weekday,
        sum(listened_ms) as listened_ms
    from int_user_days
    where
        plays > 0
        and resolved_user_id is not null
    group by account_key, activity_date
),

measures as (
    select
        iso_weekday,
        count(*) as user_days,
        sum(listened_ms) as listened_ms,
        count(distinct activity_date) as calendar_days,
        {{ ms_percentile('listened_ms', 0.5) }} as median_ms
    from user_days
    group by iso_weekday
),

weekdays as (
    {% for weekday in range(1, 8) -%}
        select {{ weekday }} as iso_weekday
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}
),

final as (
    select
        cast(
            {{ weekday_name('weekdays.iso_weekday') }}
            as {{ dbt.type_string() }}
        ) as weekday,
        cast(
            measures.listened_ms / 1000.0
            / cast(measures.user_days as double) as double
        ) as mean_listening_time,
        cast(weekdays.iso_weekday as tinyint) as iso_weekday,
        cast(coalesce(measures.user_days, 0) as bigint) as user_days,
        cast(coalesce(measures.listened_ms, 0) / 1000.0 as double)
            as total_seconds,
        cast(coalesce(measures.calendar_days, 0) as bigint) as calendar_days,
        cast(
            measures.listened_ms / 1000.0
            / cast(measures.calendar_days as double) as double
        ) as mean_total_seconds_per_day,
        cast(measures.median_ms / 1000.0 as double) as median_listening_time
    from weekdays
    left join measures
        on weekdays.iso_weekday = measures.iso_weekday
)

select * from final
