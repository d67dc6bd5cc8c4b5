{{ keep_by_date() }}

with

int_song_user_days as (
    select * from {{ ref('int_song_user_days') }}
    where event_date in {{ dates_written() }}
),

final as (
    select
        cast(song_key as {{ dbt.type_string() }}) as song_key,
        cast(min(artist_name) as {{ dbt.type_string() }}) as artist_name,
        cast(min(title) as {{ dbt.type_string() }}) as title,
        cast(min(duration_ms) as bigint) as duration_ms,
        {{ integer_sum('plays') }} as plays,
        {{ integer_sum('countable_streams') }} as countable_streams,
        {{ integer_sum('early_skips') }} as early_skips,
        {{ integer_sum('listened_ms') }} as listened_ms,
        cast(
            count(
                distinct case
                    when account_key <> {{ unknown_key() }} then account_key
                end
            ) as bigint
        ) as unique_listeners,
        cast(min(first_play_ms) as bigint) as first_play_ms,
        cast(max(last_play_ms) as bigint) as last_play_ms,
        cast(event_date as date) as event_date
    from int_song_user_days
    group by song_key, event_date
)

select * from final
