with

int_user_days as (
    select * from {{ ref('int_user_days') }}
    where level is not null
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where start_level is not null
),

activity as (
    select
        event_date,
        level,
        sum(case when resolved_user_id is not null then 1 else 0 end)
            as user_count,
        sum(
            case
                when resolved_user_id is not null and plays > 0 then 1
                else 0
            end
        ) as listener_count,
        sum(plays) as plays,
        sum(countable_streams) as countable_streams,
        sum(listened_ms) as listened_ms,
        sum(early_skips) as early_skips,
        sum(errors) as errors,
        sum(page_views) as page_views
    from int_user_days
    group by event_date, level
),

sessions as (
    select
        event_date,
        start_level,
        count(*) as sessions
    from int_sessions
    group by event_date, start_level
),

final as (
    select
        cast(activity.event_date as date) as event_date,
        cast(activity.level as {{ dbt.type_string() }}) as level,
        cast(activity.user_count as bigint) as user_count,
        cast(activity.listener_count as bigint) as listener_count,
        cast(activity.plays as bigint) as plays,
        cast(activity.countable_streams as bigint) as countable_streams,
        cast(activity.listened_ms / 1000.0 as double) as listened_seconds,
        cast(coalesce(sessions.sessions, 0) as bigint) as sessions,
        cast(activity.early_skips as bigint) as early_skips,
        cast(activity.errors as bigint) as errors,
        cast(activity.page_views as bigint) as page_views
    from activity
    left join sessions
        on
            activity.event_date = sessions.event_date
            and activity.level = sessions.start_level
)

select * from final
