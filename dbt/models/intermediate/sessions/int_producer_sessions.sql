{{ keep_for_build() }}

with

steps as (
    select * from {{ ref('int_steps') }}
),

{# The key of a device is long to make: once for a device in a session, not for each step. #}
session_devices as (
    select
        producer,
        session_id,
        user_agent,
        zip,
        latitude,
        longitude,
        location,
        unpaired_device_key,
        min(event_date) as first_date,
        min(ts_ms) as first_ms,
        max(ts_ms) as last_ms
    from steps
    group by
        producer,
        session_id,
        user_agent,
        zip,
        latitude,
        longitude,
        location,
        unpaired_device_key
),

session_device_keys as (
    select
        producer,
        session_id,
        first_date,
        first_ms,
        last_ms,
        coalesce(unpaired_device_key, {{ device_key() }}) as device_key
    from session_devices
),

producer_sessions as (
    select
        producer,
        session_id,
        min(device_key) as device_key,
        min(first_date) as first_date,
        coalesce(min(device_key) = max(device_key), true)
        and max(last_ms) - min(first_ms)
        <= {{ var('session_id_reuse_seconds') }} * 1000 as is_one_session
    from session_device_keys
    group by producer, session_id
),

final as (
    select
        cast(
            {{ md5_key([
                'producer',
                'session_id',
                'device_key',
                'first_date',
                '1',
            ]) }} as {{ dbt.type_string() }}
        ) as session_key,
        cast(
            coalesce(device_key, {{ unknown_key() }})
            as {{ dbt.type_string() }}
        ) as device_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(session_id as bigint) as session_id,
        cast(is_one_session as boolean) as is_one_session
    from producer_sessions
)

select * from final
