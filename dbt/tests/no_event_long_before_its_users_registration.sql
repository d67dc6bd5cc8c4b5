{# Real logs break it: simulated users act before they exist. #}
{{ config(severity='warn') }}

select
    session_key,
    started_at,
    registration_ms
from {{ ref('int_sessions') }}
where
    started_ms < registration_ms - 86400000
    and not is_anonymous
    and event_date in {{ dates_written() }}
