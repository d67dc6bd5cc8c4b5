{# The expression is false in no row; null passes, as in a check constraint. #}
{% test expression_is_true(model, expression) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
