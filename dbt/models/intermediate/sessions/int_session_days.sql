{{ keep_by_date() }}

with

steps as (
    select * from {{ ref('int_session_steps') }}
    where event_date in {{ dates_written() }}
),

plays as (
    select * from {{ ref('int_plays') }}
    where event_date in {{ dates_written() }}
),

{# Of the sessions that were not split, and of those that were. #}
session_devices as (
    select
        session_key,
        device_key
    from {{ ref('int_producer_sessions') }}
    where is_one_session

    union all

    select
        session_key,
        device_key
    from {{ ref('int_split_steps') }}
    group by session_key, device_key
),

{# Two halves of equal columns: a play whose level differs from its step's is not lost. #}
step_sums as (
    select
        session_key,
        level,
        event_date,
        min(producer) as producer,
        min(session_id) as session_id,
        min(user_id) as min_user_id,
        max(user_id) as max_user_id,
        min(registration_ms) as registration_ms,
        min(ts_ms) as first_ms,
        max(ts_ms) as last_ms,
        max(ts_ms) as ended_ms,
        min(step_order) as first_order,
        max(step_order) as last_order,
        min_by(page, step_order) as first_page,
        max_by(page, step_order) as last_page,
        min(item_in_session) as first_item,
        max(item_in_session) as last_item,
        count(*) as steps,
        sum(case when is_page_view then 1 else 0 end) as page_views,
        sum(case when status >= 400 then 1 else 0 end) as errors,
        sum(case when user_id is null then 1 else 0 end) as hidden_user_steps,
        sum(case when is_device_hidden then 1 else 0 end)
            as hidden_device_steps,
        sum(case when page = 'Cancellation Confirmation' then 1 else 0 end)
            as cancellations,
        0 as plays,
        0 as countable_streams,
        0 as skips,
        0 as early_skips,
        0 as listened_ms,
        cast(null as bigint) as first_play_ms
    from steps
    group by session_key, level, event_date
),

play_sums as (
    select
        session_key,
        level,
        event_date,
        min(producer) as producer,
        min(session_id) as session_id,
        cast(null as bigint) as min_user_id,
        cast(null as bigint) as max_user_id,
        cast(null as bigint) as registration_ms,
        cast(null as bigint) as first_ms,
        cast(null as bigint) as last_ms,
        max(ts_ms + listened_ms) as ended_ms,
        cast(null as bigint) as first_order,
        cast(null as bigint) as last_order,
        cast(null as {{ dbt.type_string() }}) as first_page,
        cast(null as {{ dbt.type_string() }}) as last_page,
        cast(null as integer) as first_item,
        cast(null as integer) as last_item,
        0 as steps,
        0 as page_views,
        0 as errors,
        0 as hidden_user_steps,
        0 as hidden_device_steps,
        0 as cancellations,
        count(*) as plays,
        sum(case when is_countable_stream then 1 else 0 end)
            as countable_streams,
        sum(case when end_reason = 'skipped' then 1 else 0 end) as skips,
        sum(case when is_early_skip then 1 else 0 end) as early_skips,
        sum(listened_ms) as listened_ms,
        min(ts_ms) as first_play_ms
    from plays
    group by session_key, level, event_date
),

sums as (
    select * from step_sums

    union all

    select * from play_sums
),

days as (
    select
        session_key,
        level,
        event_date,
        min(producer) as producer,
        min(first_page) as first_page,
        min(last_page) as last_page,
        min(session_id) as session_id,
        min(min_user_id) as min_user_id,
        max(max_user_id) as max_user_id,
        min(registration_ms) as registration_ms,
        min(first_ms) as first_ms,
        max(last_ms) as last_ms,
        max(ended_ms) as ended_ms,
        min(first_order) as first_order,
        max(last_order) as last_order,
        min(first_item) as first_item,
        max(last_item) as last_item,
        sum(steps) as steps,
        sum(page_views) as page_views,
        sum(errors) as errors,
        sum(hidden_user_steps) as hidden_user_steps,
        sum(hidden_device_steps) as hidden_device_steps,
        sum(cancellations) as cancellations,
        sum(plays) as plays,
        sum(countable_streams) as countable_streams,
        sum(skips) as skips,
        sum(early_skips) as early_skips,
        sum(listened_ms) as listened_ms,
        min(first_play_ms) as first_play_ms
    from sums
    group by session_key, level, event_date
),

final as (
    select
        cast(days.session_key as {{ dbt.type_string() }}) as session_key,
        cast(session_devices.device_key as {{ dbt.type_string() }})
            as device_key,
        cast(days.producer as {{ dbt.type_string() }}) as producer,
        cast(days.level as {{ dbt.type_string() }}) as level,
        cast(days.first_page as {{ dbt.type_string() }}) as first_page,
        cast(days.last_page as {{ dbt.type_string() }}) as last_page,
        cast(days.session_id as bigint) as session_id,
        cast(days.min_user_id as bigint) as min_user_id,
        cast(days.max_user_id as bigint) as max_user_id,
        cast(days.registration_ms as bigint) as registration_ms,
        cast(days.first_ms as bigint) as first_ms,
        cast(days.last_ms as bigint) as last_ms,
        cast(days.ended_ms as bigint) as ended_ms,
        cast(days.first_order as bigint) as first_order,
        cast(days.last_order as bigint) as last_order,
        cast(days.first_item as integer) as first_item,
        cast(days.last_item as integer) as last_item,
        cast(days.steps as bigint) as steps,
        cast(days.page_views as bigint) as page_views,
        cast(days.errors as bigint) as errors,
        cast(days.hidden_user_steps as bigint) as hidden_user_steps,
        cast(days.hidden_device_steps as bigint) as hidden_device_steps,
        cast(days.cancellations as bigint) as cancellations,
        cast(days.plays as bigint) as plays,
        cast(days.countable_streams as bigint) as countable_streams,
        cast(days.skips as bigint) as skips,
        cast(days.early_skips as bigint) as early_skips,
        cast(days.listened_ms as bigint) as listened_ms,
        cast(days.first_play_ms as bigint) as first_play_ms,
        cast(days.event_date as date) as event_date
    from days
    inner join session_devices
        on days.session_key = session_devices.session_key
)

select * from final
