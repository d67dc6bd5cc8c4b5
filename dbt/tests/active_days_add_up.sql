{#
    The histogram holds each user of a week once, and as many active days as daily users add up
    to.
#}
with

classes as (
    select
        event_date,
        level,
        sum(case when window_days = 7 then users else 0 end) as users_7,
        sum(case when window_days = 7 then users * active_days else 0 end)
            as active_days_7,
        sum(case when window_days = 28 then users * active_days else 0 end)
            as active_days_28
    from {{ ref('active_days_histogram_daily') }}
    group by event_date, level
)

select
    active_users_daily.event_date,
    active_users_daily.level,
    active_users_daily.wau,
    active_users_daily.active_days_7,
    active_users_daily.active_days_28,
    classes.users_7
from {{ ref('active_users_daily') }} as active_users_daily
left join classes
    on
        active_users_daily.event_date = classes.event_date
        and active_users_daily.level = classes.level
where
    coalesce(classes.users_7, 0) <> active_users_daily.wau
    or coalesce(classes.active_days_7, 0) <> active_users_daily.active_days_7
    or coalesce(classes.active_days_28, 0) <> active_users_daily.active_days_28
