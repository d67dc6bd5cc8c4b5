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
            as cancellations
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
        max(ts_ms + listened_ms) as ended_ms,
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

{# A play whose level differs from its step's is not lost. #}
days as (
    select
        step_sums.first_page,
        step_sums.last_page,
        step_sums.min_user_id,
        step_sums.max_user_id,
        step_sums.registration_ms,
        step_sums.first_ms,
        step_sums.last_ms,
        step_sums.first_order,
        step_sums.last_order,
        step_sums.first_item,
        step_sums.last_item,
        play_sums.first_play_ms,
        coalesce(step_sums.session_key, play_sums.session_key) as session_key,
        coalesce(step_sums.level, play_sums.level) as level,
        coalesce(step_sums.event_date, play_sums.event_date) as event_date,
        coalesce(step_sums.producer, play_sums.producer) as producer,
        coalesce(step_sums.session_id, play_sums.session_id) as session_id,
        greatest(
            coalesce(step_sums.last_ms, play_sums.ended_ms),
            coalesce(play_sums.ended_ms, step_sums.last_ms)
        ) as ended_ms,
        coalesce(step_sums.steps, 0) as steps,
        coalesce(step_sums.page_views, 0) as page_views,
        coalesce(step_sums.errors, 0) as errors,
        coalesce(step_sums.hidden_user_steps, 0) as hidden_user_steps,
        coalesce(step_sums.hidden_device_steps, 0) as hidden_device_steps,
        coalesce(step_sums.cancellations, 0) as cancellations,
        coalesce(play_sums.plays, 0) as plays,
        coalesce(play_sums.countable_streams, 0) as countable_streams,
        coalesce(play_sums.skips, 0) as skips,
        coalesce(play_sums.early_skips, 0) as early_skips,
        coalesce(play_sums.listened_ms, 0) as listened_ms
    from step_sums
    full outer join play_sums
        on
            step_sums.session_key = play_sums.session_key
            and step_sums.event_date = play_sums.event_date
            and step_sums.level is not distinct from play_sums.level
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
