{{ keep_by_date() }}

with

int_session_days as (
    select * from {{ ref('int_session_days') }}
    where event_date in {{ dates_read() }}
),

context as (
    select * from {{ source('run', 'context') }}
),

sessions as (
    select
        session_key,
        min(device_key) as device_key,
        min(producer) as producer,
        min(session_id) as session_id,
        min(min_user_id) as min_user_id,
        max(max_user_id) as max_user_id,
        min(registration_ms) as registration_ms,
        min(first_ms) as started_ms,
        max(last_ms) as last_ms,
        max(ended_ms) as ended_ms,
        min(first_item) as first_item,
        max(last_item) as last_item,
        sum(steps) as item_count,
        sum(page_views) as page_count,
        sum(plays) as song_count,
        sum(errors) as error_count,
        sum(listened_ms) as listened_ms,
        min_by(first_page, first_order) as start_page,
        max_by(last_page, last_order) as end_page,
        min_by(level, first_order) as start_level,
        max_by(level, last_order) as end_level,
        min(level) <> max(level) as has_level_change,
        {{ ms_to_date('min(first_ms)') }} as session_date
    from int_session_days
    group by session_key
),

identified_sessions as (
    select
        *,
        case when min_user_id = max_user_id then min_user_id end
            as resolved_user_id,
        coalesce(min_user_id <> max_user_id, false) as has_user_collision,
        ended_ms - started_ms as session_ms
    from sessions
    where session_date in {{ dates_written() }}
),

final as (
    select
        cast(identified_sessions.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(identified_sessions.device_key as {{ dbt.type_string() }})
            as device_key,
        cast(
            case
                when identified_sessions.resolved_user_id is null
                    then {{ unknown_key() }}
                else {{ md5_key([
                    'identified_sessions.producer',
                    'identified_sessions.resolved_user_id',
                ]) }}
            end as {{ dbt.type_string() }}
        ) as account_key,
        cast(
            case
                when identified_sessions.resolved_user_id is null
                    then {{ unknown_key() }}
                else {{ md5_key([
                    'identified_sessions.producer',
                    'identified_sessions.resolved_user_id',
                    'identified_sessions.registration_ms',
                ]) }}
            end as {{ dbt.type_string() }}
        ) as person_key,
        cast(identified_sessions.producer as {{ dbt.type_string() }})
            as producer,
        cast(identified_sessions.start_page as {{ dbt.type_string() }})
            as start_page,
        cast(identified_sessions.end_page as {{ dbt.type_string() }})
            as end_page,
        cast(identified_sessions.start_level as {{ dbt.type_string() }})
            as start_level,
        cast(identified_sessions.end_level as {{ dbt.type_string() }})
            as end_level,
        cast(identified_sessions.session_id as bigint) as session_id,
        cast(identified_sessions.resolved_user_id as bigint)
            as resolved_user_id,
        cast(identified_sessions.registration_ms as bigint) as registration_ms,
        cast(identified_sessions.started_ms as bigint) as started_ms,
        cast(identified_sessions.ended_ms as bigint) as ended_ms,
        cast(
            identified_sessions.last_ms - identified_sessions.started_ms
            as bigint
        ) as active_span_ms,
        cast(identified_sessions.session_ms as bigint) as session_ms,
        cast(
            (identified_sessions.last_ms - identified_sessions.started_ms)
            / 1000.0 as double
        ) as active_span_seconds,
        cast(identified_sessions.session_ms / 1000.0 as double)
            as session_seconds,
        cast(identified_sessions.listened_ms as bigint) as listened_ms,
        cast(identified_sessions.item_count as bigint) as item_count,
        cast(identified_sessions.page_count as bigint) as page_count,
        cast(identified_sessions.song_count as bigint) as song_count,
        cast(identified_sessions.error_count as bigint) as error_count,
        cast(
            coalesce(identified_sessions.has_level_change, false) as boolean
        ) as has_level_change,
        cast(
            identified_sessions.resolved_user_id is null as boolean
        ) as is_anonymous,
        cast(identified_sessions.has_user_collision as boolean)
            as has_user_collision,
        cast(
            identified_sessions.item_count = 1
            and identified_sessions.song_count = 0 as boolean
        ) as is_bounce,
        cast(
            identified_sessions.first_item > 0
            or cast(identified_sessions.last_item as bigint)
            - identified_sessions.first_item
            + 1 > identified_sessions.item_count
            or identified_sessions.ended_ms
            + {{ var('session_gap_seconds') }} * 1000 > context.watermark_ms
            as boolean
        ) as is_truncated,
        cast(
            identified_sessions.session_ms
            > {{ var('overlong_session_seconds') }} * 1000 as boolean
        ) as is_overlong,
        cast(
            {{ ms_to_timestamp('identified_sessions.started_ms') }}
            as timestamp
        ) as started_at,
        cast(
            {{ ms_to_timestamp('identified_sessions.ended_ms') }}
            as timestamp
        ) as ended_at,
        cast(identified_sessions.session_date as date) as session_date,
        cast(identified_sessions.session_date as date) as event_date
    from identified_sessions
    cross join context
)

select * from final
