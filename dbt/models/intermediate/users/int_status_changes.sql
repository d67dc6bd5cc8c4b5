{{ keep_by_date() }}

with

events as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'status_change_events'
        and event_date in {{ dates_written() }}
),

int_session_steps as (
    select * from {{ ref('int_session_steps') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        cast({{ md5_key([
            'events.topic',
            'events.producer',
            'events.session_id',
            'events.item_in_session',
            'events.ts_ms',
        ]) }} as {{ dbt.type_string() }}) as event_id,
        cast(int_session_steps.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(int_sessions.person_key as {{ dbt.type_string() }}) as person_key,
        cast({{ location_key() }} as {{ dbt.type_string() }}) as location_key,
        cast(int_sessions.device_key as {{ dbt.type_string() }}) as device_key,
        cast(events.producer as {{ dbt.type_string() }}) as producer,
        cast(events.auth as {{ dbt.type_string() }}) as auth,
        cast(events.level as {{ dbt.type_string() }}) as level,
        cast(
            case events.level
                when 'free' then 'upgrade'
                when 'paid' then 'downgrade'
            end as {{ dbt.type_string() }}
        ) as change_type,
        cast(events.session_id as bigint) as session_id,
        cast(events.item_in_session as integer) as item_in_session,
        cast(events.ts_ms as bigint) as ts_ms,
        cast(events.step_order as bigint) as step_order,
        cast(events.user_id as bigint) as user_id,
        cast(int_sessions.resolved_user_id as bigint) as resolved_user_id,
        cast(events.source_partition as integer) as source_partition,
        cast(events.source_offset as bigint) as source_offset,
        cast(events.source_ms as bigint) as source_ms,
        cast(events.event_date as date) as event_date
    from events
    inner join int_session_steps
        on
            events.session_id = int_session_steps.session_id
            and events.step_order = int_session_steps.step_order
            and events.item_in_session = int_session_steps.item_in_session
            and events.producer = int_session_steps.producer
    inner join int_sessions
        on int_session_steps.session_key = int_sessions.session_key
)

select * from final
