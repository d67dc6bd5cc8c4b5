{%- set day_ms = 86400000 %}

with

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where not is_anonymous
),

int_week1_steps as (
    select * from {{ ref('int_week1_steps') }}
),

fact_page_view_events as (
    select * from {{ ref('fact_page_view_events') }}
),

fact_listen_events as (
    select * from {{ ref('fact_listen_events') }}
),

dim_song as (
    select * from {{ ref('dim_song') }}
),

int_user_levels as (
    select * from {{ ref('int_user_levels') }}
),

context as (
    select * from {{ source('run', 'context') }}
),

first_day as (
    select min(event_date) as first_date
    from {{ ref('int_topic_days') }}
),

users as (
    select
        account_key,
        min(producer) as producer,
        min(resolved_user_id) as user_id,
        min(registration_ms) as registration_ms,
        count(registration_ms) < count(*)
        or min(registration_ms) < max(registration_ms) as is_mixed
    from int_sessions
    group by account_key
),

new_users as (
    select
        users.account_key,
        users.producer,
        users.user_id,
        users.registration_ms,
        users.is_mixed,
        context.watermark_ms
    from users
    cross join context
    cross join first_day
    where
        {{ ms_to_date('users.registration_ms') }} >= first_day.first_date
        and users.registration_ms <= context.watermark_ms
),

mixed_sessions as (
    select
        int_sessions.session_key,
        new_users.account_key,
        new_users.registration_ms
    from new_users
    inner join int_sessions
        on new_users.account_key = int_sessions.account_key
    where new_users.is_mixed
),

{# Only for the few users whose registration changes, facts of all dates are read. #}
mixed_steps as (
    select
        mixed_sessions.session_key,
        mixed_sessions.account_key,
        mixed_sessions.registration_ms,
        fact_page_view_events.item_in_session,
        fact_page_view_events.ts_ms
    from fact_page_view_events
    inner join mixed_sessions
        on fact_page_view_events.session_key = mixed_sessions.session_key
    where
        fact_page_view_events.ts_ms
        >= mixed_sessions.registration_ms - {{ day_ms }}
        and fact_page_view_events.ts_ms
        < mixed_sessions.registration_ms + 8 * {{ day_ms }}
),

mixed_plays as (
    select
        fact_listen_events.session_key,
        fact_listen_events.item_in_session,
        fact_listen_events.ts_ms,
        dim_song.artist_name,
        {{ round_half_up('fact_listen_events.listened_seconds * 1000') }}
            as listened_ms
    from fact_listen_events
    inner join mixed_sessions
        on fact_listen_events.session_key = mixed_sessions.session_key
    inner join dim_song
        on fact_listen_events.song_key = dim_song.song_key
),

{# int_week1_steps counts from each session's registration, this from the user's first. #}
week1_steps as (
    select
        int_week1_steps.session_key,
        int_week1_steps.account_key,
        int_week1_steps.day_number,
        int_week1_steps.artist_name,
        int_week1_steps.events,
        int_week1_steps.plays,
        int_week1_steps.listened_ms,
        int_week1_steps.first_play_ms
    from int_week1_steps
    inner join new_users
        on int_week1_steps.account_key = new_users.account_key
    where not new_users.is_mixed

    union all

    select
        mixed_steps.session_key,
        mixed_steps.account_key,
        greatest(
            0,
            cast(
                floor(
                    (mixed_steps.ts_ms - mixed_steps.registration_ms)
                    / {{ day_ms }}.0
                ) as bigint
            )
        ) as day_number,
        mixed_plays.artist_name,
        1 as events,
        case when mixed_plays.session_key is null then 0 else 1 end as plays,
        coalesce(mixed_plays.listened_ms, 0) as listened_ms,
        case when mixed_plays.session_key is not null then mixed_steps.ts_ms end
            as first_play_ms
    from mixed_steps
    left join mixed_plays
        on
            mixed_steps.session_key = mixed_plays.session_key
            and mixed_steps.item_in_session = mixed_plays.item_in_session
            and mixed_steps.ts_ms = mixed_plays.ts_ms
),

steps as (
    select
        new_users.account_key,
        sum(week1_steps.events) as events,
        count(distinct week1_steps.day_number) as active_days,
        count(distinct week1_steps.session_key) as sessions,
        sum(week1_steps.plays) as plays,
        sum(week1_steps.listened_ms) as listened_ms,
        count(distinct week1_steps.artist_name) as distinct_artists,
        min(week1_steps.first_play_ms) as first_play_ms,
        {% for day in range(7) -%}
            sum(
                case
                    when week1_steps.day_number = {{ day }}
                        then week1_steps.plays
                    else 0
                end
            ) as plays_d{{ day }},
        {% endfor -%}
        max(case when week1_steps.day_number = 1 then 1 else 0 end)
            as day1_steps
    from new_users
    inner join week1_steps
        on new_users.account_key = week1_steps.account_key
    where week1_steps.day_number < 7
    group by new_users.account_key
),

day7_steps as (
    select account_key
    from week1_steps
    where day_number = 7
    group by account_key
),

account_levels as (
    select
        new_users.account_key,
        new_users.registration_ms,
        int_user_levels.level,
        int_user_levels.first_ms,
        lag(int_user_levels.level) over (
            partition by new_users.account_key
            order by int_user_levels.event_date, int_user_levels.run_number
        ) as prev_level
    from new_users
    inner join int_user_levels
        on new_users.account_key = int_user_levels.account_key
),

upgrades as (
    select
        account_key,
        count(*) as upgrades
    from account_levels
    where
        prev_level = 'free'
        and level = 'paid'
        and first_ms >= registration_ms - {{ day_ms }}
        and first_ms < registration_ms + 7 * {{ day_ms }}
    group by account_key
),

final as (
    select
        cast(new_users.user_id as bigint) as userId,
        cast(coalesce(steps.events, 0) as bigint) as new_user_behavior,
        cast(nullif(new_users.producer, '') as {{ dbt.type_string() }})
            as producer,
        cast({{ ms_to_timestamp('new_users.registration_ms') }} as timestamp)
            as registered_at,
        cast(
            new_users.watermark_ms
            >= new_users.registration_ms + 7 * {{ day_ms }} as boolean
        ) as is_window_complete,
        cast(coalesce(steps.active_days, 0) as bigint) as active_days,
        cast(coalesce(steps.sessions, 0) as bigint) as sessions,
        cast(coalesce(steps.plays, 0) as bigint) as plays,
        cast(coalesce(steps.listened_ms, 0) / 1000.0 as double)
            as listened_seconds,
        cast(coalesce(steps.distinct_artists, 0) as bigint)
            as distinct_artists,
        cast(
            (steps.first_play_ms - new_users.registration_ms) / 1000.0
            as double
        ) as seconds_to_first_play,
        {% for day in range(7) -%}
            cast(coalesce(steps.plays_d{{ day }}, 0) as bigint)
                as plays_d{{ day }},
        {% endfor -%}
        cast(upgrades.account_key is not null as boolean)
            as upgraded_in_week1,
        cast(
            case
                when steps.day1_steps = 1 then true
                when
                    new_users.watermark_ms
                    >= new_users.registration_ms + 2 * {{ day_ms }}
                    then false
            end as boolean
        ) as returned_d1,
        cast(
            case
                when day7_steps.account_key is not null then true
                when
                    new_users.watermark_ms
                    >= new_users.registration_ms + 8 * {{ day_ms }}
                    then false
            end as boolean
        ) as returned_d7
    from new_users
    left join steps
        on new_users.account_key = steps.account_key
    left join day7_steps
        on new_users.account_key = day7_steps.account_key
    left join upgrades
        on new_users.account_key = upgrades.account_key
)

select * from final
