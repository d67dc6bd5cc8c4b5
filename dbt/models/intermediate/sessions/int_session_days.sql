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

{# Two halves of equal columns: a play whose level differs from its step's is not lost. #}
step_sums as (
    select
        session_key,
        level,
        event_date,
        min(producer) as producer,
        min(session_id) as session_id,
        min(device_key) as device_key,
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
        cast(null as {{ dbt.type_string() }}) as device_key,
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

final as (
    select
        cast(session_key as {{ dbt.type_string() }}) as session_key,
        cast(min(device_key) as {{ dbt.type_string() }}) as device_key,
        cast(min(producer) as {{ dbt.type_string() }}) as producer,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(min(first_page) as {{ dbt.type_string() }}) as first_page,
        cast(min(last_page) as {{ dbt.type_string() }}) as last_page,
        cast(min(session_id) as bigint) as session_id,
        cast(min(min_user_id) as bigint) as min_user_id,
        cast(max(max_user_id) as bigint) as max_user_id,
        cast(min(registration_ms) as bigint) as registration_ms,
        cast(min(first_ms) as bigint) as first_ms,
        cast(max(last_ms) as bigint) as last_ms,
        cast(max(ended_ms) as bigint) as ended_ms,
        cast(min(first_order) as bigint) as first_order,
        cast(max(last_order) as bigint) as last_order,
        cast(min(first_item) as integer) as first_item,
        cast(max(last_item) as integer) as last_item,
        {{ integer_sum('steps') }} as steps,
        {{ integer_sum('page_views') }} as page_views,
        {{ integer_sum('errors') }} as errors,
        {{ integer_sum('hidden_user_steps') }} as hidden_user_steps,
        {{ integer_sum('hidden_device_steps') }} as hidden_device_steps,
        {{ integer_sum('cancellations') }} as cancellations,
        {{ integer_sum('plays') }} as plays,
        {{ integer_sum('countable_streams') }} as countable_streams,
        {{ integer_sum('skips') }} as skips,
        {{ integer_sum('early_skips') }} as early_skips,
        {{ integer_sum('listened_ms') }} as listened_ms,
        cast(min(first_play_ms) as bigint) as first_play_ms,
        cast(event_date as date) as event_date
    from sums
    group by session_key, level, event_date
)

select * from final
