with

listen_events as (
    select * from {{ source('bronze', 'listen_events') }}
),

final as (
    select
        cast('listen_events' as {{ dbt.type_string() }}) as topic,
        cast(coalesce(producer, '') as {{ dbt.type_string() }}) as producer,
        cast(input_format as {{ dbt.type_string() }}) as input_format,
        cast(sessionId as bigint) as session_id,
        cast(itemInSession as integer) as item_in_session,
        cast(ts as bigint) as ts_ms,
        cast({{ step_order() }} as bigint) as step_order,
        cast({{ whole_number('userId') }} as bigint) as user_id,
        cast('NextSong' as {{ dbt.type_string() }}) as page,
        cast(auth as {{ dbt.type_string() }}) as auth,
        cast(null as {{ dbt.type_string() }}) as method,
        cast(null as smallint) as status,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(null as boolean) as is_success,
        cast({{ event_city() }} as {{ dbt.type_string() }}) as city,
        cast({{ event_state_code() }} as {{ dbt.type_string() }}) as state_code,
        cast(zip as {{ dbt.type_string() }}) as zip,
        cast({{ within('lat', -90, 90) }} as double) as latitude,
        cast({{ within('lon', -180, 180) }} as double) as longitude,
        cast(location as {{ dbt.type_string() }}) as location,
        cast(trim(both '"' from userAgent) as {{ dbt.type_string() }}) as user_agent,
        cast(firstName as {{ dbt.type_string() }}) as first_name,
        cast(lastName as {{ dbt.type_string() }}) as last_name,
        cast(gender as {{ dbt.type_string() }}) as gender,
        cast({{ calendar_ms('registration') }} as bigint) as registration_ms,
        cast(tag as {{ dbt.type_string() }}) as tag,
        {# Older lakes hold listens of a blank artist or song, trimmed to null. #}
        cast(coalesce(artist_utf8, '') as {{ dbt.type_string() }})
            as artist_name,
        cast(coalesce(song_utf8, '') as {{ dbt.type_string() }}) as title,
        {{ round_half_up(within('duration', -10800, 10800) ~ ' * 1000') }} as duration_ms,
        cast(chain as {{ dbt.type_string() }}) as chain,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(source_partition as integer) as source_partition,
        cast(source_offset as bigint) as source_offset,
        cast({{ timestamp_to_ms('source_timestamp') }} as bigint) as source_ms,
        cast({{ ms_to_date('ts') }} as date) as event_date
    from listen_events
)

select * from final
