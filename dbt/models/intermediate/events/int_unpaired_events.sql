{{ keep_by_date() }}

with

{# All but a few have a page view, so they are told apart by their keys alone. #}
other_keys as (
    {% for topic in ['listen', 'auth', 'status_change'] -%}
        select
            producer,
            session_id,
            item_in_session,
            step_order
        from {{ ref('stg_eventsim__' ~ topic ~ '_events') }}
        where event_date in {{ dates_written() }}
        {%- if not loop.last %}

            union all

        {% endif %}
    {%- endfor %}
),

page_views as (
    select
        producer,
        session_id,
        item_in_session,
        step_order
    from {{ ref('stg_eventsim__page_view_events') }}
    where event_date in {{ dates_written() }}
),

unpaired_keys as (
    select
        other_keys.producer,
        other_keys.session_id,
        other_keys.item_in_session,
        other_keys.step_order
    from other_keys
    left join page_views
        on
            other_keys.session_id = page_views.session_id
            and other_keys.step_order = page_views.step_order
            and other_keys.item_in_session = page_views.item_in_session
            and other_keys.producer = page_views.producer
    where page_views.session_id is null
    group by
        other_keys.producer,
        other_keys.session_id,
        other_keys.item_in_session,
        other_keys.step_order
),

events as (
    select * from {{ ref('int_events_deduped') }}
    where topic <> 'page_view_events'
),

unpaired_events as (
    select
        events.*,
        {{ device_key('events') }} as device_key
    from events
    inner join unpaired_keys
        on
            events.session_id = unpaired_keys.session_id
            and events.step_order = unpaired_keys.step_order
            and events.item_in_session = unpaired_keys.item_in_session
            and events.producer = unpaired_keys.producer
),

final as (
    select
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(min(input_format) as {{ dbt.type_string() }}) as input_format,
        cast(max(device_key) as {{ dbt.type_string() }}) as device_key,
        cast(max(page) as {{ dbt.type_string() }}) as page,
        cast(max(auth) as {{ dbt.type_string() }}) as auth,
        cast(max(level) as {{ dbt.type_string() }}) as level,
        cast(session_id as bigint) as session_id,
        cast(item_in_session as integer) as item_in_session,
        cast(ts_ms as bigint) as ts_ms,
        cast(step_order as bigint) as step_order,
        cast(max(user_id) as bigint) as user_id,
        cast(max(registration_ms) as bigint) as registration_ms,
        cast(max(duration_ms) as bigint) as duration_ms,
        cast(event_date as date) as event_date
    from unpaired_events
    group by
        producer,
        session_id,
        item_in_session,
        ts_ms,
        step_order,
        event_date
)

select * from final
