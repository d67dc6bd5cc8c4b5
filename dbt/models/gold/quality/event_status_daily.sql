with

int_status_days as (
    select * from {{ ref('int_status_days') }}
),

final as (
    select
        cast(event_date as date) as event_date,
        cast(status as smallint) as status,
        cast(page as {{ dbt.type_string() }}) as page,
        cast(method as {{ dbt.type_string() }}) as method,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(event_count as bigint) as event_count
    from int_status_days
)

select * from final
