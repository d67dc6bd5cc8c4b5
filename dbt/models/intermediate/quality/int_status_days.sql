{{ keep_by_date() }}

with

page_views as (
    select
        status,
        page,
        method,
        level,
        event_date
    from {{ ref('int_session_steps') }}
    where
        is_page_view
        and event_date in {{ dates_written() }}
),

final as (
    select
        cast(page as {{ dbt.type_string() }}) as page,
        cast(method as {{ dbt.type_string() }}) as method,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(status as smallint) as status,
        cast(count(*) as bigint) as event_count,
        cast(event_date as date) as event_date
    from page_views
    group by page, method, level, status, event_date
)

select * from final
