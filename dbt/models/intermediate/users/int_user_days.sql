{{ keep_by_date() }}

with

int_session_days as (
    select * from {{ ref('int_session_days') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

int_song_user_days as (
    select * from {{ ref('int_song_user_days') }}
    where event_date in {{ dates_written() }}
),

int_song_days as (
    select * from {{ ref('int_song_days') }}
    where event_date in {{ dates_written() }}
),

activity as (
    select
        int_sessions.account_key,
        int_session_days.level,
        int_session_days.event_date,
        min(int_sessions.producer) as producer,
        min(int_sessions.resolved_user_id) as resolved_user_id,
        sum(int_session_days.plays) as plays,
        sum(int_session_days.countable_streams) as countable_streams,
        sum(int_session_days.listened_ms) as listened_ms,
        count(*) as sessions,
        sum(int_session_days.steps) as steps,
        sum(int_session_days.page_views) as page_views,
        sum(int_session_days.hidden_user_steps) as hidden_user_steps,
        sum(int_session_days.errors) as errors,
        sum(int_session_days.skips) as skips,
        sum(int_session_days.early_skips) as early_skips,
        min(int_session_days.first_play_ms) as first_play_ms,
        max(int_session_days.last_ms) as last_event_ms
    from int_session_days
    inner join int_sessions
        on int_session_days.session_key = int_sessions.session_key
    group by
        int_sessions.account_key,
        int_session_days.level,
        int_session_days.event_date
),

variety as (
    select
        int_song_user_days.account_key,
        int_song_user_days.level,
        int_song_user_days.event_date,
        count(*) as distinct_songs,
        count(distinct int_song_days.artist_name) as distinct_artists
    from int_song_user_days
    inner join int_song_days
        on
            int_song_user_days.song_key = int_song_days.song_key
            and int_song_user_days.event_date = int_song_days.event_date
    group by
        int_song_user_days.account_key,
        int_song_user_days.level,
        int_song_user_days.event_date
),

final as (
    select
        cast(activity.account_key as {{ dbt.type_string() }}) as account_key,
        cast(
            case
                when activity.account_key <> {{ unknown_key() }}
                    then activity.producer
            end as {{ dbt.type_string() }}
        ) as producer,
        cast(activity.level as {{ dbt.type_string() }}) as level,
        cast(activity.resolved_user_id as bigint) as resolved_user_id,
        cast(activity.plays as bigint) as plays,
        cast(activity.countable_streams as bigint) as countable_streams,
        cast(activity.listened_ms as bigint) as listened_ms,
        cast(activity.sessions as bigint) as sessions,
        cast(activity.steps as bigint) as steps,
        cast(activity.page_views as bigint) as page_views,
        cast(activity.hidden_user_steps as bigint) as hidden_user_steps,
        cast(activity.errors as bigint) as errors,
        cast(activity.skips as bigint) as skips,
        cast(activity.early_skips as bigint) as early_skips,
        cast(coalesce(variety.distinct_songs, 0) as bigint) as distinct_songs,
        cast(coalesce(variety.distinct_artists, 0) as bigint)
            as distinct_artists,
        cast({{ ms_to_timestamp('activity.first_play_ms') }} as timestamp)
            as first_play_at,
        cast({{ ms_to_timestamp('activity.last_event_ms') }} as timestamp)
            as last_event_at,
        cast(activity.event_date as date) as activity_date,
        cast(activity.event_date as date) as event_date
    from activity
    left join variety
        on
            activity.account_key = variety.account_key
            and activity.event_date = variety.event_date
            and coalesce(activity.level, '') = coalesce(variety.level, '')
)

select * from final
