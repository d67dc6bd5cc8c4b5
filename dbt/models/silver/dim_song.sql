with

int_song_days as (
    select * from {{ ref('int_song_days') }}
),

songs as (
    select
        song_key,
        min(artist_name) as artist_name,
        min(title) as title,
        min(duration_ms) as duration_ms,
        min(first_play_ms) as first_play_ms,
        sum(plays) as plays
    from int_song_days
    group by song_key
),

final as (
    select
        cast(song_key as {{ dbt.type_string() }}) as song_key,
        cast(
            {{ md5_key(['artist_name', 'title']) }}
            as {{ dbt.type_string() }}
        ) as work_key,
        cast({{ md5_key(['artist_name']) }} as {{ dbt.type_string() }})
            as artist_key,
        cast(title as {{ dbt.type_string() }}) as title,
        cast(artist_name as {{ dbt.type_string() }}) as artist_name,
        cast(
            case
                when plays >= 1000 then '1000 and more'
                when plays >= 100 then '100 to 999'
                when plays >= 10 then '10 to 99'
                else '1 to 9'
            end as {{ dbt.type_string() }}
        ) as play_count_band,
        cast(duration_ms / 1000.0 as double) as duration_seconds,
        cast(coalesce(duration_ms < 30000, false) as boolean) as is_short,
        cast({{ ms_to_timestamp('first_play_ms') }} as timestamp)
            as first_seen_at
    from songs

    union all

    select
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as song_key,
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as work_key,
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as artist_key,
        cast(null as {{ dbt.type_string() }}) as title,
        cast(null as {{ dbt.type_string() }}) as artist_name,
        cast('unknown' as {{ dbt.type_string() }}) as play_count_band,
        cast(null as double) as duration_seconds,
        cast(false as boolean) as is_short,
        cast(null as timestamp) as first_seen_at
)

select * from final
