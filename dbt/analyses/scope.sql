{#
    The dates of an incremental build, computed from what the last build published and the rows that came since, which
    is all that staging shows here. Written are the dates whose rows can come out differently, a row each; read are
    also those that a written date's sessions need, a row for each of these sessions. README.md says why each rule is
    there.
#}
{%- set reach_ms = '(' ~ var('session_id_reuse_seconds') ~ ' + 10800) * 1000' %}

with

touched as (
    select * from {{ source('run', 'touched') }}
),

context as (
    select * from {{ source('run', 'context') }}
),

int_session_days as (
    select
        session_key,
        producer,
        session_id,
        first_ms,
        last_ms,
        hidden_device_steps,
        event_date
    from {{ ref('int_session_days') }}
),

int_sessions as (
    select
        session_key,
        ended_ms,
        event_date as session_date
    from {{ ref('int_sessions') }}
),

{# Whose steps came, on which dates, and does any hide its device? #}
{%- set topics = ['listen', 'page_view', 'auth', 'status_change'] %}
arrived as (
    {% for topic in topics -%}
        select
            producer,
            session_id,
            event_date,
            max(case when {{ shows_device() }} then 0 else 1 end)
                as hides_device
        from {{ ref('stg_eventsim__' ~ topic ~ '_events') }}
        group by producer, session_id, event_date

        union all

    {% endfor -%}
    {# Of an expired date only what was published tells whose steps it had. #}
    select
        producer,
        session_id,
        event_date,
        0 as hides_device
    from int_session_days
    where event_date in (
        select touched.event_date from touched
        where touched.is_expired
    )
),

{#
    Producer sessions with steps that take their device from other steps, which may lie any time before and may be
    published or new.
#}
hidden_producer_sessions as (
    select
        producer,
        session_id
    from int_session_days
    group by producer, session_id
    having sum(hidden_device_steps) > 0

    union

    select
        producer,
        session_id
    from arrived
    where hides_device = 1
),

{#
    A new row joins, splits or ends only sessions of its id near it: within the longest song and silence. It numbers
    those that start on its date.
#}
near_sessions as (
    select int_session_days.session_key
    from int_session_days
    inner join arrived
        on
            int_session_days.session_id = arrived.session_id
            and int_session_days.producer = arrived.producer
            and int_session_days.last_ms
            >= {{ date_to_ms('arrived.event_date') }} - {{ reach_ms }}
            and int_session_days.first_ms
            < {{ date_to_ms('arrived.event_date') }}
            + 86400000 + {{ reach_ms }}
    group by int_session_days.session_key
),

reached_sessions as (
    select session_key from near_sessions

    union

    {# A flag changes when the silence after a session is over. #}
    select int_sessions.session_key
    from int_sessions
    cross join context
    where
        int_sessions.ended_ms + {{ var('session_gap_seconds') }} * 1000
        > context.previous_watermark_ms
        and int_sessions.ended_ms + {{ var('session_gap_seconds') }} * 1000
        <= context.watermark_ms

    union

    select int_session_days.session_key
    from int_session_days
    inner join hidden_producer_sessions
        on
            int_session_days.session_id = hidden_producer_sessions.session_id
            and int_session_days.producer = hidden_producer_sessions.producer
    inner join (
        select distinct
            producer,
            session_id
        from arrived
    ) as arrived_sessions
        on
            hidden_producer_sessions.session_id = arrived_sessions.session_id
            and hidden_producer_sessions.producer = arrived_sessions.producer
),

reached_days as (
    select
        int_session_days.producer,
        int_session_days.session_id,
        int_session_days.event_date
    from int_session_days
    inner join reached_sessions
        on int_session_days.session_key = reached_sessions.session_key
),

{# A session that begins on another date than before renumbers its namesakes of both dates. #}
renumbered_sessions as (
    select distinct int_sessions.session_key
    from int_sessions
    inner join int_session_days
        on int_sessions.session_key = int_session_days.session_key
    inner join (
        select distinct
            producer,
            session_id,
            event_date
        from reached_days
    ) as reached_starts
        on
            int_session_days.session_id = reached_starts.session_id
            and int_session_days.producer = reached_starts.producer
            and int_sessions.session_date = reached_starts.event_date
),

written_dates as (
    select event_date from touched

    union

    select event_date from reached_days

    union

    select int_session_days.event_date
    from int_session_days
    inner join renumbered_sessions
        on int_session_days.session_key = renumbered_sessions.session_key
),

written_days as (
    select
        int_session_days.session_key,
        int_session_days.producer,
        int_session_days.session_id
    from int_session_days
    inner join written_dates
        on int_session_days.event_date = written_dates.event_date
    group by
        int_session_days.session_key,
        int_session_days.producer,
        int_session_days.session_id
),

{# A namesake's step on the date a session starts decides the session's number. #}
namesakes as (
    select distinct int_session_days.session_key
    from int_session_days
    inner join (
        select distinct
            written_days.producer,
            written_days.session_id,
            int_sessions.session_date
        from written_days
        inner join int_sessions
            on written_days.session_key = int_sessions.session_key
    ) as starts
        on
            int_session_days.session_id = starts.session_id
            and int_session_days.producer = starts.producer
            and int_session_days.event_date = starts.session_date
),

needed_sessions as (
    select session_key
    from written_days

    union

    select session_key
    from namesakes
),

needed_producer_sessions as (
    select
        written_days.producer,
        written_days.session_id
    from written_days
    inner join hidden_producer_sessions
        on
            written_days.session_id = hidden_producer_sessions.session_id
            and written_days.producer = hidden_producer_sessions.producer
),

needed_days as (
    select
        int_session_days.event_date,
        int_session_days.producer,
        int_session_days.session_id
    from int_session_days
    inner join needed_sessions
        on int_session_days.session_key = needed_sessions.session_key

    union

    select
        int_session_days.event_date,
        int_session_days.producer,
        int_session_days.session_id
    from int_session_days
    inner join needed_producer_sessions
        on
            int_session_days.session_id = needed_producer_sessions.session_id
            and int_session_days.producer = needed_producer_sessions.producer
),

final as (
    select
        cast(event_date as date) as event_date,
        true as is_written,
        cast(null as {{ dbt.type_string() }}) as producer,
        cast(null as bigint) as session_id
    from written_dates

    union all

    select
        cast(needed_days.event_date as date) as event_date,
        false as is_written,
        cast(needed_days.producer as {{ dbt.type_string() }}) as producer,
        cast(needed_days.session_id as bigint) as session_id
    from needed_days
    left join written_dates
        on needed_days.event_date = written_dates.event_date
    where written_dates.event_date is null
)

select * from final
