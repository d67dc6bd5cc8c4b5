{{ keep_for_build() }}

with

steps as (
    select * from {{ ref('int_steps') }}
),

split_producer_sessions as (
    select
        producer,
        session_id
    from {{ ref('int_producer_sessions') }}
    where not is_one_session
),

steps_to_split as (
    select
        steps.producer,
        steps.session_id,
        steps.item_in_session,
        steps.ts_ms,
        steps.step_order,
        steps.event_date,
        steps.ts_ms + coalesce(steps.play_ms, 0) as end_ms,
        coalesce(steps.unpaired_device_key, {{ device_key('steps') }})
            as device_key
    from steps
    inner join split_producer_sessions
        on
            steps.session_id = split_producer_sessions.session_id
            and steps.producer = split_producer_sessions.producer
),

steps_with_place as (
    select
        *,
        count(device_key) over (
            partition by producer, session_id
            order by step_order, item_in_session
            rows between unbounded preceding and current row
        ) as devices_seen
    from steps_to_split
),

{# A step that hides its device belongs with the device seen last before it, or else the first. #}
steps_with_device as (
    select
        producer,
        session_id,
        item_in_session,
        ts_ms,
        step_order,
        end_ms,
        event_date,
        max(device_key) over (
            partition by
                producer,
                session_id,
                case when devices_seen = 0 then 1 else devices_seen end
        ) as device_key
    from steps_with_place
),

steps_with_silence as (
    select
        *,
        case
            when
                ts_ms - lag(end_ms) over (
                    partition by producer, session_id, device_key
                    order by step_order, item_in_session
                ) <= {{ var('session_id_reuse_seconds') }} * 1000
                then 0
            else 1
        end as is_start
    from steps_with_device
),

steps_with_number as (
    select
        *,
        sum(is_start) over (
            partition by producer, session_id, device_key
            order by step_order, item_in_session
            rows between unbounded preceding and current row
        ) as session_number
    from steps_with_silence
),

sessions as (
    select
        producer,
        session_id,
        device_key,
        session_number,
        min(event_date) as first_date
    from steps_with_number
    group by producer, session_id, device_key, session_number
),

sessions_with_part as (
    select
        *,
        row_number() over (
            partition by producer, session_id, device_key, first_date
            order by session_number
        ) as part_number
    from sessions
),

sessions_with_key as (
    select
        *,
        {{ md5_key([
            'producer',
            'session_id',
            'device_key',
            'first_date',
            'part_number',
        ]) }} as session_key
    from sessions_with_part
),

final as (
    select
        cast(sessions_with_key.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(
            coalesce(steps_with_number.device_key, {{ unknown_key() }})
            as {{ dbt.type_string() }}
        ) as device_key,
        cast(steps_with_number.producer as {{ dbt.type_string() }})
            as producer,
        cast(steps_with_number.session_id as bigint) as session_id,
        cast(steps_with_number.item_in_session as integer) as item_in_session,
        cast(steps_with_number.step_order as bigint) as step_order
    from steps_with_number
    inner join sessions_with_key
        on
            steps_with_number.producer = sessions_with_key.producer
            and steps_with_number.session_id = sessions_with_key.session_id
            and steps_with_number.session_number
            = sessions_with_key.session_number
            and coalesce(steps_with_number.device_key, '')
            = coalesce(sessions_with_key.device_key, '')
)

select * from final
