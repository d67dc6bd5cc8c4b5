{{ keep_by_date() }}

with

session_statuses as (
    select
        session_key,
        status,
        event_date,
        count(*) as event_count
    from {{ ref('int_session_steps') }}
    where
        event_date in {{ dates_written() }}
        and is_page_view
    group by session_key, status, event_date
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        cast(session_statuses.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(int_sessions.account_key as {{ dbt.type_string() }})
            as account_key,
        cast(session_statuses.status as smallint) as status,
        cast(session_statuses.event_count as bigint) as event_count,
        cast(session_statuses.event_date as date) as event_date
    from session_statuses
    inner join int_sessions
        on session_statuses.session_key = int_sessions.session_key
)

select * from final
