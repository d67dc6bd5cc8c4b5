with

int_user_days as (
    select * from {{ ref('int_user_days') }}
    where level is not null
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
),

users as (
    select
        account_key,
        level,
        sum(plays) as plays
    from int_user_days
    where resolved_user_id is not null
    group by account_key, level
),

users_in_both_levels as (
    select count(*) as users_in_both
    from users as free_users
    inner join users as paid_users
        on free_users.account_key = paid_users.account_key
    where
        free_users.level = 'free'
        and paid_users.level = 'paid'
),

reach as (
    select
        level,
        count(*) as user_count,
        sum(case when plays > 0 then 1 else 0 end) as listener_count
    from users
    group by level
),

activity as (
    select
        level,
        sum(plays) as plays,
        sum(countable_streams) as countable_streams,
        sum(listened_ms) as listened_ms,
        sum(early_skips) as early_skips,
        sum(errors) as errors,
        sum(page_views) as page_views
    from int_user_days
    group by level
),

sessions as (
    select
        start_level as level,
        count(*) as sessions,
        sum(case when not is_overlong then session_ms end) as session_ms,
        sum(case when not is_overlong then 1 else 0 end) as measured_sessions
    from int_sessions
    group by start_level
),

levels as (
    select 'free' as level

    union all

    select 'paid' as level
),

final as (
    select
        cast(levels.level as {{ dbt.type_string() }}) as level,
        cast(coalesce(reach.user_count, 0) as bigint) as user_count,
        cast(coalesce(reach.listener_count, 0) as bigint) as listener_count,
        cast(users_in_both_levels.users_in_both as bigint) as users_in_both,
        cast(coalesce(activity.plays, 0) as bigint) as plays,
        cast(coalesce(activity.countable_streams, 0) as bigint)
            as countable_streams,
        cast(coalesce(activity.listened_ms, 0) / 1000.0 as double)
            as listened_seconds,
        cast(coalesce(activity.listened_ms, 0) / 3600000.0 as double)
            as listened_hours,
        cast(coalesce(sessions.sessions, 0) as bigint) as sessions,
        cast(
            activity.plays / nullif(cast(reach.listener_count as double), 0)
            as double
        ) as plays_per_listener,
        cast(
            activity.listened_ms / 3600000.0
            / nullif(cast(reach.listener_count as double), 0) as double
        ) as hours_per_listener,
        cast(
            sessions.session_ms / 1000.0
            / nullif(cast(sessions.measured_sessions as double), 0) as double
        ) as mean_session_seconds,
        cast(
            activity.early_skips / nullif(cast(activity.plays as double), 0)
            as double
        ) as early_skip_rate,
        cast(
            activity.errors / nullif(cast(activity.page_views as double), 0)
            as double
        ) as error_rate
    from levels
    cross join users_in_both_levels
    left join reach
        on levels.level = reach.level
    left join activity
        on levels.level = activity.level
    left join sessions
        on levels.level = sessions.level
)

select * from final
