with

quarantine as (
    select * from {{ source('bronze', 'quarantine') }}
),

final as (
    select
        cast(topic as {{ dbt.type_string() }}) as topic,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(raw_bytes as bigint) as raw_bytes,
        cast(
            {{ ms_to_date(timestamp_to_ms('ingested_at')) }} as date
        ) as ingest_date
    from quarantine
)

select * from final
