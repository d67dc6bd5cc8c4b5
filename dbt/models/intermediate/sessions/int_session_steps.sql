{{ keep_by_date() }}

{%- set reuse_ms = var('session_id_reuse_seconds') ~ ' * 1000' %}

with

page_views as (
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
        status,
        level,
        {{ device_key() }} as device_key,
        case when page = 'NextSong' then duration_ms end as play_ms,
        event_date
    from {{ ref('int_events_deduped') }}
    where topic = 'page_view_events'
),

page_view_keys as (
    select
        producer,
        session_id,
        step_order
    from {{ ref('int_events_deduped') }}
    where topic = 'page_view_events'
),

other_events as (
    select
        *,
        {{ device_key() }} as device_key
    from {{ ref('int_events_deduped') }}
    where topic <> 'page_view_events'
),

{# A listen, login or status change whose page view is not here (yet) is a step too. #}
steps_without_page_view as (
    select
        other_events.producer,
        other_events.session_id,
        other_events.item_in_session,
        other_events.ts_ms,
        other_events.step_order,
        other_events.event_date,
        min(other_events.input_format) as input_format,
        max(other_events.user_id) as user_id,
        max(other_events.registration_ms) as registration_ms,
        max(other_events.page) as page,
        max(other_events.auth) as auth,
        max(other_events.level) as level,
        max(other_events.device_key) as device_key,
        max(other_events.duration_ms) as play_ms
    from other_events
    left join page_view_keys
        on
            other_events.session_id = page_view_keys.session_id
            and other_events.step_order = page_view_keys.step_order
            and other_events.producer = page_view_keys.producer
    where page_view_keys.session_id is null
    group by
        other_events.producer,
        other_events.session_id,
        other_events.item_in_session,
        other_events.ts_ms,
        other_events.step_order,
        other_events.event_date
),

steps as (
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
        status,
        level,
        device_key,
        ts_ms + coalesce(play_ms, 0) as end_ms,
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
        cast(null as smallint) as status,
        level,
        device_key,
        ts_ms + coalesce(play_ms, 0) as end_ms,
        false as is_page_view,
        event_date
    from steps_without_page_view
),

producer_sessions as (
    select
        producer,
        session_id,
        min(device_key) as only_device_key,
        min(event_date) as first_date,
        coalesce(min(device_key) = max(device_key), true)
        and max(ts_ms) - min(ts_ms) <= {{ reuse_ms }} as is_one_session
    from steps
    group by producer, session_id
),

{#
    The rest serves the few producer sessions with several devices or a span that could hold a long silence: first
    each step gets its device, then the steps of a device are cut at the silences.
#}
steps_to_split as (
    select
        steps.producer,
        steps.session_id,
        steps.item_in_session,
        steps.ts_ms,
        steps.step_order,
        steps.end_ms,
        steps.device_key,
        steps.event_date,
        count(steps.device_key) over (
            partition by steps.producer, steps.session_id
            order by steps.step_order
            rows between unbounded preceding and current row
        ) as devices_seen
    from steps
    inner join producer_sessions
        on
            steps.session_id = producer_sessions.session_id
            and steps.producer = producer_sessions.producer
    where not producer_sessions.is_one_session
),

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
    from steps_to_split
),

steps_with_silence as (
    select
        *,
        case
            when
                ts_ms - lag(end_ms) over (
                    partition by producer, session_id, device_key
                    order by step_order
                ) <= {{ reuse_ms }}
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
            order by step_order
            rows between unbounded preceding and current row
        ) as session_number
    from steps_with_silence
),

split_sessions as (
    select
        producer,
        session_id,
        device_key,
        session_number,
        min(event_date) as first_date
    from steps_with_number
    group by producer, session_id, device_key, session_number
),

split_sessions_with_part as (
    select
        *,
        row_number() over (
            partition by producer, session_id, device_key, first_date
            order by session_number
        ) as part_number
    from split_sessions
),

split_steps as (
    select
        steps_with_number.producer,
        steps_with_number.session_id,
        steps_with_number.step_order,
        steps_with_number.device_key,
        split_sessions_with_part.first_date,
        split_sessions_with_part.part_number
    from steps_with_number
    inner join split_sessions_with_part
        on
            steps_with_number.producer = split_sessions_with_part.producer
            and steps_with_number.session_id
            = split_sessions_with_part.session_id
            and steps_with_number.session_number
            = split_sessions_with_part.session_number
            and coalesce(steps_with_number.device_key, '')
            = coalesce(split_sessions_with_part.device_key, '')
),

step_sessions as (
    select
        producer,
        session_id,
        step_order,
        device_key,
        {{ md5_key([
            'producer',
            'session_id',
            'device_key',
            'first_date',
            'part_number',
        ]) }} as session_key
    from split_steps
),

whole_sessions as (
    select
        producer,
        session_id,
        coalesce(only_device_key, {{ unknown_key() }}) as device_key,
        {{ md5_key([
            'producer',
            'session_id',
            'only_device_key',
            'first_date',
            '1',
        ]) }} as session_key,
        is_one_session
    from producer_sessions
),

keyed_steps as (
    select
        steps.producer,
        steps.input_format,
        steps.session_id,
        steps.item_in_session,
        steps.ts_ms,
        steps.step_order,
        steps.user_id,
        steps.registration_ms,
        steps.page,
        steps.auth,
        steps.status,
        steps.level,
        steps.is_page_view,
        steps.device_key is null as is_device_hidden,
        steps.event_date,
        case
            when whole_sessions.is_one_session then whole_sessions.session_key
            else step_sessions.session_key
        end as session_key,
        case
            when whole_sessions.is_one_session then whole_sessions.device_key
            else coalesce(step_sessions.device_key, {{ unknown_key() }})
        end as device_key
    from steps
    inner join whole_sessions
        on
            steps.session_id = whole_sessions.session_id
            and steps.producer = whole_sessions.producer
    left join step_sessions
        on
            steps.session_id = step_sessions.session_id
            and steps.step_order = step_sessions.step_order
            and steps.producer = step_sessions.producer
),

ordered_steps as (
    select
        *,
        lag(page) over (
            partition by session_key
            order by step_order
        ) as prev_page,
        lag(ts_ms) over (
            partition by session_key
            order by step_order
        ) as prev_ts_ms
    from keyed_steps
),

final as (
    select
        cast(session_key as {{ dbt.type_string() }}) as session_key,
        cast(device_key as {{ dbt.type_string() }}) as device_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(input_format as {{ dbt.type_string() }}) as input_format,
        cast(session_id as bigint) as session_id,
        cast(item_in_session as integer) as item_in_session,
        cast(ts_ms as bigint) as ts_ms,
        cast(step_order as bigint) as step_order,
        cast(user_id as bigint) as user_id,
        cast(registration_ms as bigint) as registration_ms,
        cast(page as {{ dbt.type_string() }}) as page,
        cast(auth as {{ dbt.type_string() }}) as auth,
        cast(status as smallint) as status,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(prev_page as {{ dbt.type_string() }}) as prev_page,
        cast(prev_ts_ms as bigint) as prev_ts_ms,
        cast(is_page_view as boolean) as is_page_view,
        cast(is_device_hidden as boolean) as is_device_hidden,
        cast(event_date as date) as event_date
    from ordered_steps
    where event_date in {{ dates_written() }}
)

select * from final
