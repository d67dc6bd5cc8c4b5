{{ keep_by_date() }}

with

int_plays as (
    select * from {{ ref('int_plays') }}
    where event_date in {{ dates_written() }}
),

int_song_user_days as (
    select * from {{ ref('int_song_user_days') }}
    where
        event_date in {{ dates_written() }}
        and account_key <> {{ unknown_key() }}
),

plays as (
    select
        song_key,
        event_date,
        min(artist_name) as artist_name,
        min(title) as title,
        min(duration_ms) as duration_ms,
        count(*) as plays,
        sum(case when is_countable_stream then 1 else 0 end)
            as countable_streams,
        sum(case when is_early_skip then 1 else 0 end) as early_skips,
        sum(listened_ms) as listened_ms,
        min(ts_ms) as first_play_ms,
        max(ts_ms) as last_play_ms
    from int_plays
    group by song_key, event_date
),

listeners as (
    select
        song_key,
        event_date,
        count(distinct account_key) as unique_listeners
    from int_song_user_days
    group by song_key, event_date
),

final as (
    select
        cast(plays.song_key as {{ dbt.type_string() }}) as song_key,
        cast(plays.artist_name as {{ dbt.type_string() }}) as artist_name,
        cast(plays.title as {{ dbt.type_string() }}) as title,
        cast(plays.duration_ms as bigint) as duration_ms,
        cast(plays.plays as bigint) as plays,
        cast(plays.countable_streams as bigint) as countable_streams,
        cast(plays.early_skips as bigint) as early_skips,
        cast(plays.listened_ms as bigint) as listened_ms,
        cast(coalesce(listeners.unique_listeners, 0) as bigint)
            as unique_listeners,
        cast(plays.first_play_ms as bigint) as first_play_ms,
        cast(plays.last_play_ms as bigint) as last_play_ms,
        cast(plays.event_date as date) as event_date
    from plays
    left join listeners
        on
            plays.song_key = listeners.song_key
            and plays.event_date = listeners.event_date
)

select * from final
