with

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where not is_anonymous
),

measured_sessions as (
    select
        producer,
        resolved_user_id,
        is_bounce,
        case when not is_overlong and not is_truncated then session_ms end
            as session_ms
    from int_sessions
),

users as (
    select
        producer,
        resolved_user_id,
        count(session_ms) as session_count,
        sum(session_ms) as total_ms,
        count(case when not is_bounce then session_ms end)
            as longer_session_count,
        sum(case when not is_bounce then session_ms end) as longer_total_ms,
        {{ ms_percentile('session_ms', 0.5) }} as median_ms,
        {{ ms_percentile('session_ms', 0.95) }} as p95_ms
    from measured_sessions
    group by producer, resolved_user_id
),

final as (
    select
        cast(resolved_user_id as bigint) as userId,
        cast(
            total_ms / 1000.0 / nullif(cast(session_count as double), 0)
            as double
        ) as avg_session_time,
        cast(nullif(producer, '') as {{ dbt.type_string() }}) as producer,
        cast(session_count as bigint) as session_count,
        cast(median_ms / 1000.0 as double) as median_session_seconds,
        cast(p95_ms / 1000.0 as double) as p95_session_seconds,
        cast(
            longer_total_ms / 1000.0
            / nullif(cast(longer_session_count as double), 0) as double
        ) as mean_without_bounce_seconds,
        cast(coalesce(total_ms, 0) / 1000.0 as double)
            as total_session_seconds
    from users
)

select * from final
