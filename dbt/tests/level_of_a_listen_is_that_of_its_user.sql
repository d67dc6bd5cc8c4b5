{# Two sessions of one user can overlap on different levels, hence a thousandth of tolerance. #}
{{ config(severity='warn') }}

with

listens as (
    select
        fact_listen_events.level,
        dim_user.level as user_level
    from {{ ref('fact_listen_events') }} as fact_listen_events
    inner join {{ ref('dim_user') }} as dim_user
        on
            fact_listen_events.person_key = dim_user.person_key
            and fact_listen_events.event_at >= dim_user.valid_from
            and fact_listen_events.event_at < dim_user.valid_to
    where
        fact_listen_events.event_date in {{ dates_written() }}
        and dim_user.user_key <> {{ unknown_key() }}
)

select
    count(*) as listens,
    sum(case when level <> user_level then 1 else 0 end) as differing
from listens
having sum(case when level <> user_level then 1 else 0 end) > 0.001 * count(*)
