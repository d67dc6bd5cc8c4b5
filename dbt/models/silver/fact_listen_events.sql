{{ keep_by_date() }}

with

listens as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'listen_events'
        and event_date in {{ dates_written() }}
),

int_plays as (
    select * from {{ ref('int_plays') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

int_location_days as (
    select * from {{ ref('int_location_days') }}
    where event_date in {{ dates_written() }}
),

final as (
    select
        cast({{ md5_key([
            'listens.topic',
            'listens.producer',
            'listens.session_id',
            'listens.item_in_session',
            'listens.ts_ms',
        ]) }} as {{ dbt.type_string() }}) as event_id,
        cast(int_plays.session_key as {{ dbt.type_string() }}) as session_key,
        cast(int_sessions.person_key as {{ dbt.type_string() }}) as person_key,
        cast(
            coalesce(int_location_days.location_key, {{ unknown_key() }})
            as {{ dbt.type_string() }}
        ) as location_key,
        cast(int_sessions.device_key as {{ dbt.type_string() }}) as device_key,
        cast(int_plays.song_key as {{ dbt.type_string() }}) as song_key,
        cast({{ time_key('listens.ts_ms', 'listens.event_date') }} as integer)
            as time_key,
        cast(nullif(listens.producer, '') as {{ dbt.type_string() }})
            as producer,
        cast(listens.auth as {{ dbt.type_string() }}) as auth,
        cast(listens.level as {{ dbt.type_string() }}) as level,
        cast(int_plays.end_reason as {{ dbt.type_string() }}) as end_reason,
        cast(listens.session_id as bigint) as session_id,
        cast(listens.item_in_session as integer) as item_in_session,
        cast(listens.user_id as bigint) as user_id,
        cast(int_sessions.resolved_user_id as bigint) as resolved_user_id,
        cast(listens.ts_ms as bigint) as ts_ms,
        cast(int_plays.duration_ms / 1000.0 as double) as duration_seconds,
        cast(int_plays.listened_ms / 1000.0 as double) as listened_seconds,
        cast({{ lateness_seconds('listens') }} as bigint) as lateness_seconds,
        cast(listens.source_partition as integer) as source_partition,
        cast(listens.source_offset as bigint) as source_offset,
        cast(int_plays.is_countable_stream as boolean) as is_countable_stream,
        cast(int_plays.is_early_skip as boolean) as is_early_skip,
        cast(int_plays.is_scrobble as boolean) as is_scrobble,
        cast(int_plays.is_tail_assumed as boolean) as is_tail_assumed,
        cast(int_plays.is_duration_imputed as boolean) as is_duration_imputed,
        {{ calendar_columns('listens') }}
    from listens
    inner join int_plays
        on
            listens.session_id = int_plays.session_id
            and listens.item_in_session = int_plays.item_in_session
            and listens.ts_ms = int_plays.ts_ms
            and listens.producer = int_plays.producer
    inner join int_sessions
        on int_plays.session_key = int_sessions.session_key
    left join int_location_days
        on
            listens.event_date = int_location_days.event_date
            and listens.city is not distinct from int_location_days.city
            and listens.state_code
            is not distinct from int_location_days.state_code
            and listens.zip is not distinct from int_location_days.zip
            and {{ coordinate_key('listens.latitude') }}
            is not distinct from int_location_days.latitude_key
            and {{ coordinate_key('listens.longitude') }}
            is not distinct from int_location_days.longitude_key
)

select * from final
