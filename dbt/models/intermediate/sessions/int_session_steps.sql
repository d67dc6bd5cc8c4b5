{{ keep_for_build() }}

with

steps as (
    select * from {{ ref('int_steps') }}
),

whole_sessions as (
    select * from {{ ref('int_producer_sessions') }}
    where is_one_session
),

int_split_steps as (
    select * from {{ ref('int_split_steps') }}
),

int_location_days as (
    select * from {{ ref('int_location_days') }}
    where event_date in {{ dates_read() }}
),

keyed_steps as (
    select
        steps.producer,
        steps.input_format = 'single' as is_single_stream,
        steps.session_id,
        steps.item_in_session,
        steps.ts_ms,
        steps.step_order,
        steps.user_id,
        steps.registration_ms,
        steps.page,
        steps.auth,
        steps.method,
        steps.status,
        steps.level,
        steps.source_partition,
        steps.source_offset,
        steps.source_ms,
        steps.is_page_view,
        steps.event_date,
        coalesce(whole_sessions.session_key, int_split_steps.session_key)
            as session_key,
        coalesce(int_location_days.location_key, {{ unknown_key() }})
            as location_key,
        case
            when steps.is_page_view and steps.page = 'NextSong'
                then {{ md5_key([
                    'steps.artist_name',
                    'steps.title',
                    'steps.duration_ms',
                ]) }}
        end as song_key,
        not ({{ shows_device('steps') }})
        and steps.unpaired_device_key is null as is_device_hidden
    from steps
    left join whole_sessions
        on
            steps.session_id = whole_sessions.session_id
            and steps.producer = whole_sessions.producer
    left join int_split_steps
        on
            steps.session_id = int_split_steps.session_id
            and steps.step_order = int_split_steps.step_order
            and steps.item_in_session = int_split_steps.item_in_session
            and steps.producer = int_split_steps.producer
    left join int_location_days
        on {{ is_location_of('steps') }}
),

ordered_steps as (
    select
        *,
        lag(page) over (
            partition by session_key
            order by step_order, item_in_session
        ) as prev_page,
        lag(ts_ms) over (
            partition by session_key
            order by step_order, item_in_session
        ) as prev_ts_ms
    from keyed_steps
),

final as (
    select
        cast(session_key as {{ dbt.type_string() }}) as session_key,
        cast(location_key as {{ dbt.type_string() }}) as location_key,
        cast(song_key as {{ dbt.type_string() }}) as song_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(page as {{ dbt.type_string() }}) as page,
        cast(prev_page as {{ dbt.type_string() }}) as prev_page,
        cast(auth as {{ dbt.type_string() }}) as auth,
        cast(method as {{ dbt.type_string() }}) as method,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(status as smallint) as status,
        cast(session_id as bigint) as session_id,
        cast(item_in_session as integer) as item_in_session,
        cast(ts_ms as bigint) as ts_ms,
        cast(prev_ts_ms as bigint) as prev_ts_ms,
        cast(step_order as bigint) as step_order,
        cast(user_id as bigint) as user_id,
        cast(registration_ms as bigint) as registration_ms,
        cast(source_partition as integer) as source_partition,
        cast(source_offset as bigint) as source_offset,
        cast(source_ms as bigint) as source_ms,
        cast(is_page_view as boolean) as is_page_view,
        cast(is_single_stream as boolean) as is_single_stream,
        cast(is_device_hidden as boolean) as is_device_hidden,
        cast(event_date as date) as event_date
    from ordered_steps
)

select * from final
