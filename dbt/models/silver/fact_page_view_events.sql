{{ keep_by_date() }}

with

page_views as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'page_view_events'
        and event_date in {{ dates_written() }}
),

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

int_location_days as (
    select * from {{ ref('int_location_days') }}
    where event_date in {{ dates_written() }}
),

final as (
    select
        cast({{ md5_key([
            'page_views.topic',
            'page_views.producer',
            'page_views.session_id',
            'page_views.item_in_session',
            'page_views.ts_ms',
        ]) }} as {{ dbt.type_string() }}) as event_id,
        cast(int_session_steps.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(int_sessions.person_key as {{ dbt.type_string() }}) as person_key,
        cast(
            coalesce(int_location_days.location_key, {{ unknown_key() }})
            as {{ dbt.type_string() }}
        ) as location_key,
        cast(int_sessions.device_key as {{ dbt.type_string() }}) as device_key,
        cast(
            case
                when page_views.page = 'NextSong'
                    then {{ md5_key([
                        'page_views.artist_name',
                        'page_views.title',
                        'page_views.duration_ms',
                    ]) }}
            end as {{ dbt.type_string() }}
        ) as song_key,
        cast(
            {{ time_key('page_views.ts_ms', 'page_views.event_date') }}
            as integer
        ) as time_key,
        cast(nullif(page_views.producer, '') as {{ dbt.type_string() }})
            as producer,
        cast(page_views.page as {{ dbt.type_string() }}) as page,
        cast(int_session_steps.prev_page as {{ dbt.type_string() }})
            as prev_page,
        cast(page_views.method as {{ dbt.type_string() }}) as method,
        cast(page_views.auth as {{ dbt.type_string() }}) as auth,
        cast(page_views.level as {{ dbt.type_string() }}) as level,
        cast(page_views.status as smallint) as status,
        cast(page_views.session_id as bigint) as session_id,
        cast(page_views.item_in_session as integer) as item_in_session,
        cast(page_views.user_id as bigint) as user_id,
        cast(int_sessions.resolved_user_id as bigint) as resolved_user_id,
        cast(page_views.ts_ms as bigint) as ts_ms,
        cast(
            (page_views.ts_ms - int_session_steps.prev_ts_ms) / 1000.0
            as double
        ) as seconds_since_prev,
        cast({{ lateness_seconds('page_views') }} as bigint)
            as lateness_seconds,
        cast(page_views.source_partition as integer) as source_partition,
        cast(page_views.source_offset as bigint) as source_offset,
        cast(coalesce(page_views.status >= 400, false) as boolean) as is_error,
        {{ calendar_columns('page_views') }}
    from page_views
    inner join int_session_steps
        on
            page_views.session_id = int_session_steps.session_id
            and page_views.step_order = int_session_steps.step_order
            and page_views.producer = int_session_steps.producer
    inner join int_sessions
        on int_session_steps.session_key = int_sessions.session_key
    left join int_location_days
        on
            page_views.event_date = int_location_days.event_date
            and page_views.city is not distinct from int_location_days.city
            and page_views.state_code
            is not distinct from int_location_days.state_code
            and page_views.zip is not distinct from int_location_days.zip
            and {{ coordinate_key('page_views.latitude') }}
            is not distinct from int_location_days.latitude_key
            and {{ coordinate_key('page_views.longitude') }}
            is not distinct from int_location_days.longitude_key
)

select * from final
