{{ config(severity='warn') }}

with

listens as (
    select
        event_date,
        count(*) as listens
    from {{ ref('fact_listen_events') }}
    where event_date in {{ dates_written() }}
    group by event_date
),

next_songs as (
    select
        event_date,
        sum(event_count) as next_songs
    from {{ ref('int_status_days') }}
    where
        page = 'NextSong'
        and event_date in {{ dates_written() }}
    group by event_date
)

select
    listens.listens,
    next_songs.next_songs,
    coalesce(listens.event_date, next_songs.event_date) as event_date
from listens
full outer join next_songs
    on listens.event_date = next_songs.event_date
where coalesce(listens.listens, 0) <> coalesce(next_songs.next_songs, 0)
