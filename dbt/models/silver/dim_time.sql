with

digits as (
    {{ ten_digits() }}
),

numbers as (
    {{ number_series(6) }}
),

years as (
    select
        extract(year from min(event_date)) - 1 as first_year,
        extract(year from max(event_date)) + 2 as last_year
    from {{ ref('int_topic_days') }}
),

bounds as (
    select
        {{ days_between(
            "date '1970-01-01'",
            "cast(cast(first_year as " ~ dbt.type_string()
            ~ ") || '-01-01' as date)"
        ) }} as first_day,
        {{ days_between(
            "date '1970-01-01'",
            "cast(cast(last_year + 1 as " ~ dbt.type_string()
            ~ ") || '-01-01' as date)"
        ) }} as end_day
    from years
),

hours as (
    select
        numbers.number % 24 as hour_of_day,
        {{ add_days(
            "date '1970-01-01'",
            'bounds.first_day + ' ~ whole_quotient('numbers.number', 24)
        ) }} as hour_date
    from numbers
    cross join bounds
    where numbers.number < (bounds.end_day - bounds.first_day) * 24
),

calendar as (
    select
        hour_date,
        hour_of_day,
        {{ date_to_ms('hour_date') }} + hour_of_day * 3600000 as hour_ms,
        extract(year from hour_date) as year_number,
        extract(month from hour_date) as month_number,
        extract(day from hour_date) as day_number,
        {{ iso_weekday('hour_date') }} as weekday_number,
        {{ iso_week('hour_date') }} as week_number,
        {{ iso_year('hour_date') }} as week_year
    from hours
),

final as (
    select
        cast({{ time_key('hour_ms', 'hour_date') }} as integer) as time_key,
        cast(year_number as smallint) as year,
        cast(
            {{ whole_quotient('(month_number + 2)', 3) }} as tinyint
        ) as quarter,
        cast(month_number as tinyint) as month,
        cast(day_number as tinyint) as day,
        cast(hour_of_day as tinyint) as hour,
        cast(week_year as smallint) as iso_year,
        cast(week_number as tinyint) as iso_week,
        cast(weekday_number as tinyint) as iso_weekday,
        cast({{ weekday_name('weekday_number') }} as {{ dbt.type_string() }})
            as weekday_name,
        cast(
            case
                when hour_of_day < 6 then 'night'
                when hour_of_day < 12 then 'morning'
                when hour_of_day < 18 then 'afternoon'
                else 'evening'
            end as {{ dbt.type_string() }}
        ) as day_part,
        cast(weekday_number >= 6 as boolean) as is_weekend,
        {# Fixed days, and those that fall on the n-th or last weekday of a month. #}
        cast(
            (month_number = 1 and day_number = 1)
            or (
                month_number = 1
                and weekday_number = 1
                and day_number between 15 and 21
            )
            or (
                month_number = 2
                and weekday_number = 1
                and day_number between 15 and 21
            )
            or (
                month_number = 5
                and weekday_number = 1
                and day_number between 25 and 31
            )
            or (month_number = 6 and day_number = 19 and year_number >= 2021)
            or (month_number = 7 and day_number = 4)
            or (
                month_number = 9
                and weekday_number = 1
                and day_number between 1 and 7
            )
            or (
                month_number = 10
                and weekday_number = 1
                and day_number between 8 and 14
            )
            or (month_number = 11 and day_number = 11)
            or (
                month_number = 11
                and weekday_number = 4
                and day_number between 22 and 28
            )
            or (month_number = 12 and day_number = 25) as boolean
        ) as is_holiday_us,
        cast(hour_date as date) as date,
        cast({{ ms_to_timestamp('hour_ms') }} as timestamp) as hour_at
    from calendar
)

select * from final
