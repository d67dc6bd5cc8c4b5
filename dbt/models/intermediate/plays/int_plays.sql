{{ keep_for_build() }}

with

listens as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'listen_events'
        and event_date in {{ dates_written() }}
),

int_location_days as (
    select * from {{ ref('int_location_days') }}
    where event_date in {{ dates_written() }}
),

steps as (
    select
        session_key,
        producer,
        session_id,
        item_in_session,
        ts_ms,
        step_order,
        page
    from {{ ref('int_session_steps') }}
    where event_date in {{ dates_read() }}
),

other_steps as (
    select * from steps
    where coalesce(page, '') <> 'NextSong'
),

{# A listen starts a song whatever page its step shows: a producer can contradict itself. #}
misnamed_plays as (
    select
        other_steps.producer,
        other_steps.session_id,
        other_steps.item_in_session,
        other_steps.step_order
    from other_steps
    inner join {{ ref('stg_eventsim__listen_events') }} as listen_events
        on
            other_steps.session_id = listen_events.session_id
            and other_steps.step_order = listen_events.step_order
            and other_steps.item_in_session = listen_events.item_in_session
            and other_steps.producer = listen_events.producer
    where listen_events.event_date in {{ dates_read() }}
    group by
        other_steps.producer,
        other_steps.session_id,
        other_steps.item_in_session,
        other_steps.step_order
),

boundary_steps as (
    select * from steps
    where page = 'NextSong'

    union all

    select
        other_steps.session_key,
        other_steps.producer,
        other_steps.session_id,
        other_steps.item_in_session,
        other_steps.ts_ms,
        other_steps.step_order,
        case
            when misnamed_plays.session_id is null then other_steps.page
            else 'NextSong'
        end as page
    from other_steps
    left join misnamed_plays
        on
            other_steps.session_id = misnamed_plays.session_id
            and other_steps.step_order = misnamed_plays.step_order
            and other_steps.item_in_session = misnamed_plays.item_in_session
            and other_steps.producer = misnamed_plays.producer
    where
        other_steps.page in ('Logout', 'Cancel')
        or misnamed_plays.session_id is not null
),

boundaries as (
    select
        session_key,
        producer,
        session_id,
        item_in_session,
        step_order,
        lead(ts_ms) over (
            partition by session_key
            order by step_order, item_in_session
        ) as next_ms,
        lead(page) over (
            partition by session_key
            order by step_order, item_in_session
        ) as next_page
    from boundary_steps
),

plays as (
    select
        boundaries.session_key,
        listens.producer,
        listens.session_id,
        listens.item_in_session,
        listens.ts_ms,
        listens.user_id,
        listens.auth,
        listens.level,
        listens.artist_name,
        listens.title,
        listens.duration_ms,
        listens.source_partition,
        listens.source_offset,
        listens.source_ms,
        listens.event_date,
        boundaries.next_page,
        coalesce(int_location_days.location_key, {{ unknown_key() }})
            as location_key,
        boundaries.next_ms - listens.ts_ms as gap_ms,
        coalesce(listens.duration_ms <= 0, true) as is_duration_imputed
    from listens
    inner join boundaries
        on
            listens.session_id = boundaries.session_id
            and listens.step_order = boundaries.step_order
            and listens.item_in_session = boundaries.item_in_session
            and listens.producer = boundaries.producer
    left join int_location_days
        on {{ is_location_of('listens') }}
),

heard_plays as (
    select
        *,
        case
            when is_duration_imputed
                then least(
                    coalesce(gap_ms, 0),
                    {{ var('imputed_play_seconds_max') }} * 1000
                )
            else least(duration_ms, coalesce(gap_ms, duration_ms))
        end as listened_ms
    from plays
),

ended_plays as (
    select
        *,
        case
            when gap_ms is null then 'tail'
            when
                not is_duration_imputed and listened_ms >= duration_ms - 1000
                then 'completed'
            when next_page = 'NextSong' then 'skipped'
            else 'stopped'
        end as end_reason
    from heard_plays
),

final as (
    select
        cast(session_key as {{ dbt.type_string() }}) as session_key,
        cast(
            {{ md5_key(['artist_name', 'title', 'duration_ms']) }}
            as {{ dbt.type_string() }}
        ) as song_key,
        cast(location_key as {{ dbt.type_string() }}) as location_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(auth as {{ dbt.type_string() }}) as auth,
        cast(session_id as bigint) as session_id,
        cast(item_in_session as integer) as item_in_session,
        cast(user_id as bigint) as user_id,
        cast(ts_ms as bigint) as ts_ms,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(artist_name as {{ dbt.type_string() }}) as artist_name,
        cast(title as {{ dbt.type_string() }}) as title,
        cast(duration_ms as bigint) as duration_ms,
        cast(listened_ms as bigint) as listened_ms,
        cast(source_partition as integer) as source_partition,
        cast(source_offset as bigint) as source_offset,
        cast(source_ms as bigint) as source_ms,
        cast(end_reason as {{ dbt.type_string() }}) as end_reason,
        cast(listened_ms >= {{ var('countable_seconds') }} * 1000 as boolean)
            as is_countable_stream,
        cast(
            end_reason = 'skipped'
            and listened_ms < {{ var('countable_seconds') }} * 1000 as boolean
        ) as is_early_skip,
        cast(
            coalesce(duration_ms > 30000, false)
            and listened_ms * 2 >= least(duration_ms, 480000) as boolean
        ) as is_scrobble,
        cast(end_reason = 'tail' as boolean) as is_tail_assumed,
        cast(is_duration_imputed as boolean) as is_duration_imputed,
        cast(event_date as date) as event_date
    from ended_plays
)

select * from final
