{{ keep_by_date() }}

with

received as (
    {% for topic in [
        'listen_events',
        'page_view_events',
        'auth_events',
        'status_change_events',
    ] -%}
        select
            topic,
            event_date,
            user_id,
            source_offset,
            source_ms - ts_ms as lateness_ms,
            case
                when
                    level in ('free', 'paid')
                    {%- if topic != 'auth_events' %}
                        and coalesce(
                            auth in (
                                'Guest', 'Logged In', 'Logged Out', 'Cancelled'
                            ), true
                        )
                    {%- endif %}
                    {%- if topic == 'page_view_events' %}
                        and status between 200 and 599
                        and coalesce(method in ('GET', 'PUT'), true)
                    {%- endif %}
                    and coalesce(source_ms - ts_ms >= -86400000, true)
                    then 0
                else 1
            end as is_failing,
            {{ whole_quotient('ts_ms', 3600000) }} as event_hour
        from {{ ref('stg_eventsim__' ~ topic) }}
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}
),

hours as (
    select
        topic,
        event_date,
        event_hour,
        count(*) as received_count,
        sum(case when user_id is null then 1 else 0 end) as anonymous_count,
        sum(case when lateness_ms < 60000 then 1 else 0 end) as on_time_count,
        sum(
            case
                when lateness_ms >= 60000 and lateness_ms < 3600000
                    then 1
                else 0
            end
        ) as late_minutes_count,
        sum(
            case
                when lateness_ms >= 3600000 and lateness_ms < 86400000
                    then 1
                else 0
            end
        ) as late_hours_count,
        sum(case when lateness_ms >= 86400000 then 1 else 0 end)
            as late_days_count,
        sum(is_failing) as test_failure_count,
        min(source_offset) as first_offset,
        max(source_offset) as last_offset
    from received
    where event_date in {{ dates_written() }}
    group by topic, event_date, event_hour
),

days as (
    select
        topic,
        event_date,
        count(*) as hours_with_data,
        sum(received_count) as received_count,
        sum(anonymous_count) as anonymous_count,
        sum(on_time_count) as on_time_count,
        sum(late_minutes_count) as late_minutes_count,
        sum(late_hours_count) as late_hours_count,
        sum(late_days_count) as late_days_count,
        sum(test_failure_count) as test_failure_count,
        min(first_offset) as first_offset,
        max(last_offset) as last_offset
    from hours
    group by topic, event_date
),

duplicates as (
    select
        topic,
        event_date,
        count(*) as duplicate_count,
        sum(case when has_other_content then 1 else 0 end) as conflict_count
    from {{ ref('int_duplicate_events') }}
    where event_date in {{ dates_written() }}
    group by topic, event_date
),

final as (
    select
        cast(days.topic as {{ dbt.type_string() }}) as topic,
        cast(days.received_count as bigint) as received_count,
        cast(coalesce(duplicates.duplicate_count, 0) as bigint)
            as duplicate_count,
        cast(coalesce(duplicates.conflict_count, 0) as bigint)
            as conflict_count,
        cast(days.test_failure_count as bigint) as test_failure_count,
        cast(days.anonymous_count as bigint) as anonymous_count,
        cast(days.on_time_count as bigint) as on_time_count,
        cast(days.late_minutes_count as bigint) as late_minutes_count,
        cast(days.late_hours_count as bigint) as late_hours_count,
        cast(days.late_days_count as bigint) as late_days_count,
        cast(days.hours_with_data as bigint) as hours_with_data,
        cast(days.first_offset as bigint) as first_offset,
        cast(days.last_offset as bigint) as last_offset,
        cast(days.event_date as date) as event_date
    from days
    left join duplicates
        on
            days.topic = duplicates.topic
            and days.event_date = duplicates.event_date
)

select * from final
