{{ config(materialized='ephemeral') }}

with

events as (
    select * from {{ ref('stg_eventsim__listen_events') }}

    union all

    select * from {{ ref('stg_eventsim__page_view_events') }}

    union all

    select * from {{ ref('stg_eventsim__auth_events') }}

    union all

    select * from {{ ref('stg_eventsim__status_change_events') }}
),

scope as (
    select * from {{ source('run', 'scope') }}
),

int_duplicate_events as (
    select * from {{ ref('int_duplicate_events') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        events.topic,
        events.producer,
        events.input_format,
        events.session_id,
        events.item_in_session,
        events.ts_ms,
        events.step_order,
        events.user_id,
        events.page,
        events.auth,
        events.method,
        events.status,
        events.level,
        events.is_success,
        events.city,
        events.state_code,
        events.zip,
        events.latitude,
        events.longitude,
        events.location,
        events.user_agent,
        events.first_name,
        events.last_name,
        events.gender,
        events.registration_ms,
        events.tag,
        events.artist_name,
        events.title,
        events.duration_ms,
        events.source,
        events.source_partition,
        events.source_offset,
        events.source_ms,
        events.event_date
    from events
    inner join scope
        on events.event_date = scope.event_date
    left join int_duplicate_events
        on
            events.topic = int_duplicate_events.topic
            and events.chain = int_duplicate_events.chain
            and events.source = int_duplicate_events.source
            and events.source_partition
            = int_duplicate_events.source_partition
            and events.source_offset = int_duplicate_events.source_offset
    where int_duplicate_events.topic is null
)

select * from final
