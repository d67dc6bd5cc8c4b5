{{ keep_by_date() }}

with

events as (
    select * from {{ ref('stg_eventsim__listen_events') }}

    union all

    select * from {{ ref('stg_eventsim__page_view_events') }}

    union all

    select * from {{ ref('stg_eventsim__auth_events') }}

    union all

    select * from {{ ref('stg_eventsim__status_change_events') }}
),

{# By two integers, which is quick; whether producers share them is looked at among these few. #}
repeated_keys as (
    {% for topic in [
        'listen_events',
        'page_view_events',
        'auth_events',
        'status_change_events',
    ] -%}
        select
            '{{ topic }}' as topic,
            session_id,
            step_order
        from {{ ref('stg_eventsim__' ~ topic) }}
        where event_date in {{ dates_written() }}
        group by session_id, step_order
        having count(*) > 1
        {%- if not loop.last %}

            union all

        {% endif %}
    {%- endfor %}
),

repeated_events as (
    select
        events.topic,
        events.source,
        events.source_partition,
        events.source_offset,
        events.event_date,
        row_number() over (
            partition by
                events.topic,
                events.producer,
                events.session_id,
                events.item_in_session,
                events.ts_ms
            order by
                events.source_ms asc nulls last,
                events.source_partition asc,
                events.source_offset asc,
                events.source asc
        ) as delivery
    from events
    inner join repeated_keys
        on
            events.session_id = repeated_keys.session_id
            and events.step_order = repeated_keys.step_order
            and events.topic = repeated_keys.topic
),

final as (
    select
        cast(topic as {{ dbt.type_string() }}) as topic,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(source_partition as integer) as source_partition,
        cast(source_offset as bigint) as source_offset,
        cast(delivery as integer) as delivery,
        cast(event_date as date) as event_date
    from repeated_events
    where delivery > 1
)

select * from final
