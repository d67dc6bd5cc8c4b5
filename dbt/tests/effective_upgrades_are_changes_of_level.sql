{# Warns of changes of level that no submit explains, as real logs with a lost step have them. #}
{{ config(severity='warn') }}

select
    user_key,
    change_reason
from {{ ref('dim_user') }}
where change_reason in ('unexplained_upgrade', 'unexplained_downgrade')
