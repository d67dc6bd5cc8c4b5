with

int_user_days as (
    select * from {{ ref('int_user_days') }}
),

per_user_and_day as (
    select
        producer,
        resolved_user_id,
        activity_date,
        sum(plays) as plays,
        sum(countable_streams) as countable_streams,
        sum(listened_ms) as listened_ms,
        sum(case when level = 'free' then plays else 0 end) as free_plays,
        sum(case when level = 'paid' then plays else 0 end) as paid_plays
    from int_user_days
    where
        plays > 0
        and resolved_user_id is not null
    group by producer, resolved_user_id, activity_date
),

final as (
    select
        cast(resolved_user_id as bigint) as userId,
        cast(extract(year from activity_date) as smallint) as year,
        cast(extract(month from activity_date) as tinyint) as month,
        cast(extract(day from activity_date) as tinyint) as day,
        cast(plays as bigint) as listen_count,
        cast(nullif(producer, '') as {{ dbt.type_string() }}) as producer,
        cast(countable_streams as bigint) as countable_streams,
        cast(listened_ms / 1000.0 as double) as listened_seconds,
        cast(free_plays as bigint) as free_listens,
        cast(paid_plays as bigint) as paid_listens,
        cast(activity_date as date) as event_date
    from per_user_and_day
)

select * from final
