{{ keep_by_date() }}

with

int_session_steps as (
    select * from {{ ref('int_session_steps') }}
    where
        event_date in {{ dates_written() }}
        and is_page_view
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        cast({{ md5_key([
            "'page_view_events'",
            'int_session_steps.producer',
            'int_session_steps.session_id',
            'int_session_steps.item_in_session',
            'int_session_steps.ts_ms',
        ]) }} as {{ dbt.type_string() }}) as event_id,
        cast(int_session_steps.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(int_sessions.person_key as {{ dbt.type_string() }}) as person_key,
        cast(int_session_steps.location_key as {{ dbt.type_string() }})
            as location_key,
        cast(int_sessions.device_key as {{ dbt.type_string() }}) as device_key,
        cast(int_session_steps.song_key as {{ dbt.type_string() }})
            as song_key,
        cast(
            {{ time_key('int_session_steps.ts_ms', 'int_session_steps.event_date') }}
            as integer
        ) as time_key,
        cast(nullif(int_session_steps.producer, '') as {{ dbt.type_string() }})
            as producer,
        cast(int_session_steps.page as {{ dbt.type_string() }}) as page,
        cast(int_session_steps.prev_page as {{ dbt.type_string() }})
            as prev_page,
        cast(int_session_steps.method as {{ dbt.type_string() }}) as method,
        cast(int_session_steps.auth as {{ dbt.type_string() }}) as auth,
        cast(int_session_steps.level as {{ dbt.type_string() }}) as level,
        cast(int_session_steps.status as smallint) as status,
        cast(int_session_steps.session_id as bigint) as session_id,
        cast(int_session_steps.item_in_session as integer) as item_in_session,
        cast(int_session_steps.user_id as bigint) as user_id,
        cast(int_sessions.resolved_user_id as bigint) as resolved_user_id,
        cast(int_session_steps.ts_ms as bigint) as ts_ms,
        cast(
            (int_session_steps.ts_ms - int_session_steps.prev_ts_ms) / 1000.0
            as double
        ) as seconds_since_prev,
        cast({{ lateness_seconds('int_session_steps') }} as bigint)
            as lateness_seconds,
        cast(int_session_steps.source_partition as integer) as source_partition,
        cast(int_session_steps.source_offset as bigint) as source_offset,
        cast(coalesce(int_session_steps.status >= 400, false) as boolean) as is_error,
        {{ calendar_columns('int_session_steps') }}
    from int_session_steps
    inner join int_sessions
        on int_session_steps.session_key = int_sessions.session_key
)

select * from final
