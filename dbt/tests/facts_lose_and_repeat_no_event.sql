{#
    Rows of each fact against bronze without its repeats; single-stream logins have no rows in
    bronze to count.
#}
with

facts as (
    {% for topic, fact in {
        'listen_events': 'fact_listen_events',
        'page_view_events': 'fact_page_view_events',
        'status_change_events': 'fact_status_change_events',
    }.items() -%}
        select
            '{{ topic }}' as topic,
            event_date,
            count(*) as fact_rows
        from {{ ref(fact) }}
        where event_date in {{ dates_written() }}
        group by event_date
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}
),

topic_days as (
    select
        topic,
        event_date,
        received_count - duplicate_count as kept_rows
    from {{ ref('int_topic_days') }}
    where
        event_date in {{ dates_written() }}
        and topic <> 'auth_events'
)

select
    facts.fact_rows,
    topic_days.kept_rows,
    coalesce(facts.topic, topic_days.topic) as topic,
    coalesce(facts.event_date, topic_days.event_date) as event_date
from facts
full outer join topic_days
    on
        facts.topic = topic_days.topic
        and facts.event_date = topic_days.event_date
where coalesce(facts.fact_rows, 0) <> coalesce(topic_days.kept_rows, 0)
