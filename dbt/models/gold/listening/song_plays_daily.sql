with

int_song_days as (
    select * from {{ ref('int_song_days') }}
),

final as (
    select
        cast(event_date as date) as event_date,
        cast(song_key as {{ dbt.type_string() }}) as song_key,
        cast(title as {{ dbt.type_string() }}) as song,
        cast(artist_name as {{ dbt.type_string() }}) as artist,
        cast(plays as bigint) as play_count,
        cast(countable_streams as bigint) as countable_streams,
        cast(listened_ms / 1000.0 as double) as listened_seconds,
        cast(unique_listeners as bigint) as unique_listeners
    from int_song_days
)

select * from final
