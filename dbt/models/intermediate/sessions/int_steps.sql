{{ config(materialized='ephemeral') }}

with

page_views as (
    select * from {{ ref('int_events_deduped') }}
    where topic = 'page_view_events'
),

int_unpaired_events as (
    select * from {{ ref('int_unpaired_events') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        producer,
        input_format,
        session_id,
        item_in_session,
        ts_ms,
        step_order,
        user_id,
        registration_ms,
        page,
        auth,
        method,
        status,
        level,
        user_agent,
        city,
        state_code,
        zip,
        latitude,
        longitude,
        location,
        artist_name,
        title,
        duration_ms,
        case
            when page = 'NextSong' and duration_ms > 0 then duration_ms
        end as play_ms,
        source_partition,
        source_offset,
        source_ms,
        cast(null as {{ dbt.type_string() }}) as unpaired_device_key,
        true as is_page_view,
        event_date
    from page_views

    union all

    select
        producer,
        input_format,
        session_id,
        item_in_session,
        ts_ms,
        step_order,
        user_id,
        registration_ms,
        page,
        auth,
        cast(null as {{ dbt.type_string() }}) as method,
        cast(null as smallint) as status,
        level,
        cast(null as {{ dbt.type_string() }}) as user_agent,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as state_code,
        cast(null as {{ dbt.type_string() }}) as zip,
        cast(null as double) as latitude,
        cast(null as double) as longitude,
        cast(null as {{ dbt.type_string() }}) as location,
        cast(null as {{ dbt.type_string() }}) as artist_name,
        cast(null as {{ dbt.type_string() }}) as title,
        cast(null as bigint) as duration_ms,
        case when duration_ms > 0 then duration_ms end as play_ms,
        cast(null as integer) as source_partition,
        cast(null as bigint) as source_offset,
        cast(null as bigint) as source_ms,
        device_key as unpaired_device_key,
        false as is_page_view,
        event_date
    from int_unpaired_events
)

select * from final
