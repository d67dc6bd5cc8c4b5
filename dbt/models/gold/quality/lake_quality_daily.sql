with

int_topic_days as (
    select * from {{ ref('int_topic_days') }}
),

int_user_days as (
    select * from {{ ref('int_user_days') }}
),

int_auth as (
    select * from {{ ref('int_auth') }}
),

int_status_days as (
    select * from {{ ref('int_status_days') }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
),

quarantine as (
    select * from {{ ref('stg_eventsim__quarantine') }}
),

context as (
    select * from {{ source('run', 'context') }}
),

rejected as (
    select
        topic,
        ingest_date as event_date,
        count(*) as quarantined_count
    from quarantine
    group by topic, ingest_date
),

stitched as (
    select
        event_date,
        sum(
            case when resolved_user_id is not null then hidden_user_steps end
        ) as stitched_count,
        sum(hidden_user_steps) as hidden_user_count
    from int_user_days
    group by event_date
),

echoes as (
    select
        event_date,
        sum(case when is_echo then 1 else 0 end) as echo_count
    from int_auth
    group by event_date
),

next_songs as (
    select
        event_date,
        sum(case when page = 'NextSong' then event_count else 0 end)
            as next_song_count
    from int_status_days
    group by event_date
),

sessions as (
    select
        event_date,
        count(*) as session_count,
        sum(case when is_anonymous then 1 else 0 end)
            as anonymous_session_count,
        sum(case when has_user_collision then 1 else 0 end)
            as collision_session_count,
        sum(case when is_truncated then 1 else 0 end)
            as truncated_session_count,
        sum(case when is_overlong then 1 else 0 end) as overlong_session_count
    from int_sessions
    group by event_date
),

keys as (
    select
        topic,
        event_date
    from int_topic_days

    union

    select
        topic,
        event_date
    from rejected
),

final as (
    select
        cast(keys.event_date as date) as event_date,
        cast(keys.topic as {{ dbt.type_string() }}) as topic,
        cast(coalesce(int_topic_days.received_count, 0) as bigint)
            as received_count,
        cast(
            coalesce(
                int_topic_days.received_count - int_topic_days.duplicate_count,
                0
            ) as bigint
        ) as deduplicated_count,
        cast(coalesce(int_topic_days.duplicate_count, 0) as bigint)
            as duplicate_count,
        cast(coalesce(int_topic_days.conflict_count, 0) as bigint)
            as conflict_count,
        cast(coalesce(rejected.quarantined_count, 0) as bigint)
            as quarantined_count,
        cast(coalesce(int_topic_days.test_failure_count, 0) as bigint)
            as test_failure_count,
        cast(coalesce(int_topic_days.on_time_count, 0) as bigint)
            as on_time_count,
        cast(coalesce(int_topic_days.late_minutes_count, 0) as bigint)
            as late_minutes_count,
        cast(coalesce(int_topic_days.late_hours_count, 0) as bigint)
            as late_hours_count,
        cast(coalesce(int_topic_days.late_days_count, 0) as bigint)
            as late_days_count,
        cast(coalesce(int_topic_days.anonymous_count, 0) as bigint)
            as anonymous_count,
        cast(
            case
                when keys.topic = 'page_view_events'
                    then coalesce(stitched.stitched_count, 0)
            end as bigint
        ) as stitched_count,
        cast(
            case
                when keys.topic = 'auth_events'
                    then coalesce(echoes.echo_count, 0)
            end as bigint
        ) as echo_count,
        cast(
            case
                when keys.topic = 'listen_events'
                    then
                        int_topic_days.received_count
                        - int_topic_days.duplicate_count
                        - coalesce(next_songs.next_song_count, 0)
            end as bigint
        ) as listens_beyond_next_songs,
        cast(
            int_topic_days.anonymous_count
            / nullif(cast(int_topic_days.received_count as double), 0)
            as double
        ) as anonymous_share,
        cast(
            case
                when keys.topic = 'page_view_events'
                    then
                        stitched.stitched_count
                        / nullif(cast(stitched.hidden_user_count as double), 0)
            end as double
        ) as stitched_share,
        cast(coalesce(int_topic_days.hours_with_data, 0) as bigint)
            as hours_with_data,
        cast(
            case
                when context.watermark_ms < {{ date_to_ms('keys.event_date') }}
                    then 0
                else least(
                    24, {{ whole_quotient(
                        '(context.watermark_ms - '
                        ~ date_to_ms('keys.event_date') ~ ')',
                        3600000
                    ) }} + 1
                )
            end
            - coalesce(int_topic_days.hours_with_data, 0) as bigint
        ) as hours_without_data,
        {% for count in [
            'session_count',
            'anonymous_session_count',
            'collision_session_count',
            'truncated_session_count',
            'overlong_session_count',
        ] -%}
            cast(
                case
                    when keys.topic = 'page_view_events'
                        then coalesce(sessions.{{ count }}, 0)
                end as bigint
            ) as {{ count }},
        {% endfor -%}
        cast(int_topic_days.first_offset as bigint) as first_offset,
        cast(int_topic_days.last_offset as bigint) as last_offset,
        cast(
            context.watermark_ms >= {{ date_to_ms('keys.event_date') }}
            + ({{ var('late_days') }} + 1) * 86400000 as boolean
        ) as is_final
    from keys
    cross join context
    left join int_topic_days
        on
            keys.topic = int_topic_days.topic
            and keys.event_date = int_topic_days.event_date
    left join rejected
        on
            keys.topic = rejected.topic
            and keys.event_date = rejected.event_date
    left join stitched
        on keys.event_date = stitched.event_date
    left join sessions
        on keys.event_date = sessions.event_date
    left join echoes
        on keys.event_date = echoes.event_date
    left join next_songs
        on keys.event_date = next_songs.event_date
)

select * from final
