{# No expression is false in any row; null passes, as in a check constraint. One scan for all of them. #}
{% test expressions_are_true(model, expressions) %}

select *
from {{ model }}
where
    {% for expression in expressions -%}
        not ({{ expression }})
        {% if not loop.last -%}
            or
        {% endif -%}
    {% endfor %}

{% endtest %}
