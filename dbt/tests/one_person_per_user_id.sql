{# More than one: a restarted producer has given the id to somebody else. #}
{{ config(severity='warn') }}

select
    producer,
    user_id,
    count(distinct person_key) as persons
from {{ ref('dim_user') }}
where user_id is not null
group by producer, user_id
having count(distinct person_key) > 1
