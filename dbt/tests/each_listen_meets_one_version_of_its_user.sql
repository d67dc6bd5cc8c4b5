{#
    A user's versions follow each other without gap or overlap to the end of time (another test), so a listen meets
    exactly one of them if its user's first version has begun.
#}
with

first_listens as (
    select
        person_key,
        min(event_at) as first_listen_at
    from {{ ref('fact_listen_events') }}
    where event_date in {{ dates_written() }}
    group by person_key
)

select
    first_listens.person_key,
    first_listens.first_listen_at,
    dim_user.valid_from
from first_listens
left join {{ ref('dim_user') }} as dim_user
    on
        first_listens.person_key = dim_user.person_key
        and dim_user.version = 1
where coalesce(first_listens.first_listen_at < dim_user.valid_from, true)
