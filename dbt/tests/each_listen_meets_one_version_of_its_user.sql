with

listens as (
    select
        event_id,
        person_key,
        event_at
    from {{ ref('fact_listen_events') }}
    where event_date in {{ dates_written() }}
)

select
    listens.event_id,
    count(dim_user.user_key) as versions
from listens
left join {{ ref('dim_user') }} as dim_user
    on
        listens.person_key = dim_user.person_key
        and listens.event_at >= dim_user.valid_from
        and listens.event_at < dim_user.valid_to
group by listens.event_id
having count(dim_user.user_key) <> 1
