with

sessions as (
    select sum(page_views) as page_views
    from {{ ref('int_session_days') }}
),

users as (
    select
        sum(page_views) as page_views,
        sum(plays) as plays,
        sum(listened_ms) as listened_ms
    from {{ ref('int_user_days') }}
),

statuses as (
    select sum(event_count) as page_views
    from {{ ref('int_status_days') }}
),

songs as (
    select
        sum(plays) as plays,
        sum(listened_ms) as listened_ms
    from {{ ref('int_song_days') }}
)

select
    sessions.page_views as session_page_views,
    users.page_views as user_page_views,
    statuses.page_views as status_page_views,
    users.plays as user_plays,
    songs.plays as song_plays
from sessions
cross join users
cross join statuses
cross join songs
where
    sessions.page_views <> users.page_views
    or sessions.page_views <> statuses.page_views
    or users.plays <> songs.plays
    or users.listened_ms <> songs.listened_ms
