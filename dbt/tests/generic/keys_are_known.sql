{# Each key is in the other relation; null passes. As relationships, but each key is looked up once, not each row. #}
{% test keys_are_known(model, column_name, to, field) %}

with

used_keys as (
    select {{ column_name }} as used_key
    from {{ model }}
    where {{ column_name }} is not null
    group by {{ column_name }}
)

select used_keys.used_key
from used_keys
left join {{ to }} as known
    on used_keys.used_key = known.{{ field }}
where known.{{ field }} is null

{% endtest %}
