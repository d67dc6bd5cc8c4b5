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
        events.chain,
        events.source,
        events.source_partition,
        events.source_offset,
        events.event_date,
        events.producer,
        events.session_id,
        events.item_in_session,
        events.ts_ms,
        {{ md5_key([
            'events.user_id',
            'events.page',
            'events.auth',
            'events.method',
            'events.status',
            'events.level',
            'events.is_success',
            'events.city',
            'events.state_code',
            'events.zip',
            coordinate_key('events.latitude'),
            coordinate_key('events.longitude'),
            'events.location',
            'events.user_agent',
            'events.first_name',
            'events.last_name',
            'events.gender',
            'events.registration_ms',
            'events.tag',
            'events.artist_name',
            'events.title',
            'events.duration_ms',
        ]) }} as content_key,
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
                events.source asc,
                events.chain asc
        ) as delivery
    from events
    inner join repeated_keys
        on
            events.session_id = repeated_keys.session_id
            and events.step_order = repeated_keys.step_order
            and events.topic = repeated_keys.topic
),

compared_events as (
    select
        *,
        first_value(content_key) over (
            partition by
                topic, producer, session_id, item_in_session, ts_ms
            order by delivery
        ) as first_content_key
    from repeated_events
),

final as (
    select
        cast(topic as {{ dbt.type_string() }}) as topic,
        cast(chain as {{ dbt.type_string() }}) as chain,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(source_partition as integer) as source_partition,
        cast(source_offset as bigint) as source_offset,
        cast(delivery as integer) as delivery,
        cast(content_key <> first_content_key as boolean)
            as has_other_content,
        cast(event_date as date) as event_date
    from compared_events
    where delivery > 1
)

select * from final
