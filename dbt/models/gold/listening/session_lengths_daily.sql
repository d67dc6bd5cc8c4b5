with

int_sessions as (
    select * from {{ ref('int_sessions') }}
),

bucketed_sessions as (
    select
        event_date,
        start_level,
        session_ms,
        case when not is_overlong then session_ms end as measured_ms,
        case
            when session_ms < 60000 then 0
            when session_ms < 300000 then 1
            when session_ms < 900000 then 5
            when session_ms < 1800000 then 15
            when session_ms < 3600000 then 30
            when session_ms < 7200000 then 60
            when session_ms < 14400000 then 120
            when session_ms < 28800000 then 240
            else 480
        end as bucket_minutes
    from int_sessions
),

final as (
    select
        cast(event_date as date) as event_date,
        cast(start_level as {{ dbt.type_string() }}) as level,
        cast(bucket_minutes as integer) as length_bucket_minutes,
        cast(
            case bucket_minutes
                when 0 then 'under 1 min'
                when 1 then '1 to 5 min'
                when 5 then '5 to 15 min'
                when 15 then '15 to 30 min'
                when 30 then '30 to 60 min'
                when 60 then '1 to 2 h'
                when 120 then '2 to 4 h'
                when 240 then '4 to 8 h'
                else '8 h and more'
            end as {{ dbt.type_string() }}
        ) as length_label,
        cast(count(*) as bigint) as session_count,
        cast(sum(session_ms) / 1000.0 as double) as session_seconds,
        cast(count(measured_ms) as bigint) as measured_session_count,
        cast(coalesce(sum(measured_ms), 0) / 1000.0 as double)
            as measured_seconds
    from bucketed_sessions
    group by event_date, start_level, bucket_minutes
)

select * from final
