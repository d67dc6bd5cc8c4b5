{# No two rows agree in all columns; null equals null. #}
{% test unique_combination_of_columns(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as repetitions
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
