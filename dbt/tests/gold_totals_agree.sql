{# The same plays and seconds, whichever table adds them up. #}
with

users as (
    select
        sum(plays) as plays,
        sum(case when resolved_user_id is not null then plays end)
            as user_plays,
        sum(case when resolved_user_id is not null then listened_ms end)
            as user_listened_ms,
        sum(case when level is not null then plays end) as level_plays
    from {{ ref('int_user_days') }}
),

songs as (
    select sum(play_count) as plays
    from {{ ref('top_songs_by_play_count') }}
),

listeners as (
    select sum(listen_count) as plays
    from {{ ref('daily_user_listen_counts') }}
),

weekdays as (
    select sum(total_seconds) as seconds
    from {{ ref('weekday_mean_listening_time') }}
),

levels as (
    select sum(plays) as plays
    from {{ ref('free_vs_paid_users_comparison') }}
)

select
    users.plays,
    songs.plays as song_plays,
    listeners.plays as listener_plays,
    levels.plays as level_plays,
    weekdays.seconds
from users
cross join songs
cross join listeners
cross join weekdays
cross join levels
where
    users.plays <> songs.plays
    or users.user_plays <> listeners.plays
    or users.level_plays <> levels.plays
    or abs(users.user_listened_ms / 1000.0 - weekdays.seconds) > 0.5
