{%- set day_ms = 86400000 %}

with

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where not is_anonymous
),

int_week1_steps as (
    select * from {{ ref('int_week1_steps') }}
),

int_level_history as (
    select * from {{ ref('int_level_history') }}
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
        min(registration_ms) as registration_ms
    from int_sessions
    group by account_key
),

new_users as (
    select
        users.account_key,
        users.producer,
        users.user_id,
        users.registration_ms,
        context.watermark_ms
    from users
    cross join context
    cross join first_day
    where
        {{ ms_to_date('users.registration_ms') }} >= first_day.first_date
        and users.registration_ms <= context.watermark_ms
),

steps as (
    select
        new_users.account_key,
        sum(int_week1_steps.events) as events,
        count(distinct int_week1_steps.day_number) as active_days,
        count(distinct int_week1_steps.session_key) as sessions,
        sum(int_week1_steps.plays) as plays,
        sum(int_week1_steps.listened_ms) as listened_ms,
        count(distinct int_week1_steps.artist_name) as distinct_artists,
        min(int_week1_steps.first_play_ms) as first_play_ms,
        {% for day in range(7) -%}
            sum(
                case
                    when int_week1_steps.day_number = {{ day }}
                        then int_week1_steps.plays
                    else 0
                end
            ) as plays_d{{ day }},
        {% endfor -%}
        max(case when int_week1_steps.day_number = 1 then 1 else 0 end)
            as day1_steps
    from new_users
    inner join int_week1_steps
        on
            new_users.account_key = int_week1_steps.account_key
            and new_users.registration_ms = int_week1_steps.registration_ms
    where int_week1_steps.day_number < 7
    group by new_users.account_key
),

day7_steps as (
    select account_key
    from int_week1_steps
    where day_number = 7
    group by account_key
),

upgrades as (
    select
        new_users.account_key,
        count(*) as upgrades
    from new_users
    inner join int_level_history
        on new_users.account_key = int_level_history.account_key
    where
        int_level_history.prev_level = 'free'
        and int_level_history.level = 'paid'
        and int_level_history.first_ms >= new_users.registration_ms
        - {{ day_ms }}
        and int_level_history.first_ms
        < new_users.registration_ms + 7 * {{ day_ms }}
    group by new_users.account_key
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
