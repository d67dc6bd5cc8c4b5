{# Over all levels: a listen may name another than its page view. #}
select
    account_key,
    event_date,
    sum(plays) as plays,
    sum(steps) as steps
from {{ ref('int_user_days') }}
where event_date in {{ dates_written() }}
group by account_key, event_date
having sum(plays) > sum(steps)
