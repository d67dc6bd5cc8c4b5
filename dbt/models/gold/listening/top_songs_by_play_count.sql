with

int_song_days as (
    select * from {{ ref('int_song_days') }}
),

listeners_of_songs as (
    select
        song_key,
        account_key
    from {{ ref('int_song_user_days') }}
    where account_key <> {{ unknown_key() }}
    group by song_key, account_key
),

songs as (
    select
        song_key,
        min(artist_name) as artist_name,
        min(title) as title,
        sum(plays) as plays,
        sum(countable_streams) as countable_streams,
        sum(early_skips) as early_skips,
        sum(listened_ms) as listened_ms,
        min(first_play_ms) as first_play_ms,
        max(last_play_ms) as last_play_ms
    from int_song_days
    group by song_key
),

listeners as (
    select
        song_key,
        count(*) as unique_listeners
    from listeners_of_songs
    group by song_key
),

songs_with_listeners as (
    select
        songs.*,
        coalesce(listeners.unique_listeners, 0) as unique_listeners
    from songs
    left join listeners
        on songs.song_key = listeners.song_key
),

ranked_songs as (
    select
        *,
        row_number() over (
            order by plays desc, unique_listeners desc, song_key asc
        ) as song_rank
    from songs_with_listeners
),

final as (
    select
        cast(title as {{ dbt.type_string() }}) as song,
        cast(artist_name as {{ dbt.type_string() }}) as artist,
        cast(plays as bigint) as play_count,
        cast(song_key as {{ dbt.type_string() }}) as song_key,
        cast(
            {{ md5_key(['artist_name', 'title']) }}
            as {{ dbt.type_string() }}
        ) as work_key,
        cast(song_rank as bigint) as rank,
        cast(countable_streams as bigint) as countable_streams,
        cast(unique_listeners as bigint) as unique_listeners,
        cast(listened_ms / 1000.0 as double) as listened_seconds,
        cast(early_skips / nullif(cast(plays as double), 0) as double)
            as early_skip_rate,
        cast({{ ms_to_timestamp('first_play_ms') }} as timestamp)
            as first_played_at,
        cast({{ ms_to_timestamp('last_play_ms') }} as timestamp)
            as last_played_at
    from ranked_songs
)

select * from final
