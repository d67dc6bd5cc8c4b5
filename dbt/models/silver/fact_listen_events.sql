{{ keep_by_date() }}

with

int_plays as (
    select * from {{ ref('int_plays') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        cast({{ md5_key([
            "'listen_events'",
            'int_plays.producer',
            'int_plays.session_id',
            'int_plays.item_in_session',
            'int_plays.ts_ms',
        ]) }} as {{ dbt.type_string() }}) as event_id,
        cast(int_plays.session_key as {{ dbt.type_string() }}) as session_key,
        cast(int_sessions.person_key as {{ dbt.type_string() }}) as person_key,
        cast(int_plays.location_key as {{ dbt.type_string() }})
            as location_key,
        cast(int_sessions.device_key as {{ dbt.type_string() }}) as device_key,
        cast(int_plays.song_key as {{ dbt.type_string() }}) as song_key,
        cast({{ time_key('int_plays.ts_ms', 'int_plays.event_date') }} as integer)
            as time_key,
        cast(nullif(int_plays.producer, '') as {{ dbt.type_string() }})
            as producer,
        cast(int_plays.auth as {{ dbt.type_string() }}) as auth,
        cast(int_plays.level as {{ dbt.type_string() }}) as level,
        cast(int_plays.end_reason as {{ dbt.type_string() }}) as end_reason,
        cast(int_plays.session_id as bigint) as session_id,
        cast(int_plays.item_in_session as integer) as item_in_session,
        cast(int_plays.user_id as bigint) as user_id,
        cast(int_sessions.resolved_user_id as bigint) as resolved_user_id,
        cast(int_plays.ts_ms as bigint) as ts_ms,
        cast(int_plays.duration_ms / 1000.0 as double) as duration_seconds,
        cast(int_plays.listened_ms / 1000.0 as double) as listened_seconds,
        cast({{ lateness_seconds('int_plays') }} as bigint) as lateness_seconds,
        cast(int_plays.source_partition as integer) as source_partition,
        cast(int_plays.source_offset as bigint) as source_offset,
        cast(int_plays.is_countable_stream as boolean) as is_countable_stream,
        cast(int_plays.is_early_skip as boolean) as is_early_skip,
        cast(int_plays.is_scrobble as boolean) as is_scrobble,
        cast(int_plays.is_tail_assumed as boolean) as is_tail_assumed,
        cast(int_plays.is_duration_imputed as boolean) as is_duration_imputed,
        {{ calendar_columns('int_plays') }}
    from int_plays
    inner join int_sessions
        on int_plays.session_key = int_sessions.session_key
)

select * from final
