{{ config(materialized='view') }}

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

int_duplicate_events as (
    select * from {{ ref('int_duplicate_events') }}
    where event_date in {{ dates_read() }}
),

final as (
    select events.*
    from events
    left join int_duplicate_events
        on
            events.topic = int_duplicate_events.topic
            and events.source = int_duplicate_events.source
            and events.source_partition
            = int_duplicate_events.source_partition
            and events.source_offset = int_duplicate_events.source_offset
    where
        events.event_date in {{ dates_read() }}
        and int_duplicate_events.topic is null
)

select * from final
