{{ keep_by_date() }}

with

events as (
    select * from {{ ref('int_events_deduped') }}
    where
        event_date in {{ dates_written() }}
        and user_id is not null
),

final as (
    select
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(first_name as {{ dbt.type_string() }}) as first_name,
        cast(last_name as {{ dbt.type_string() }}) as last_name,
        cast(gender as {{ dbt.type_string() }}) as gender,
        cast(user_id as bigint) as user_id,
        cast(registration_ms as bigint) as registration_ms,
        cast(max(ts_ms) as bigint) as last_ms,
        cast(event_date as date) as event_date
    from events
    group by
        producer,
        first_name,
        last_name,
        gender,
        user_id,
        registration_ms,
        event_date
)

select * from final
