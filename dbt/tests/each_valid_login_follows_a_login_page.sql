with

logins as (
    select
        event_id,
        session_key,
        item_in_session
    from {{ ref('fact_auth_events') }}
    where
        not is_echo
        and event_date in {{ dates_written() }}
),

login_pages as (
    select
        session_key,
        item_in_session
    from {{ ref('int_session_steps') }}
    where
        page = 'Login'
        and event_date in {{ dates_read() }}
)

select logins.*
from logins
left join login_pages
    on
        logins.session_key = login_pages.session_key
        and logins.item_in_session
        = cast(login_pages.item_in_session as bigint) + 1
where login_pages.session_key is null
