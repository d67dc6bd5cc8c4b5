{# In a test's `where`, __dates_written__ stands for the dates whose rows the build replaces. #}
{% macro get_where_subquery(relation) -%}
    {% set where = config.get('where', '') %}
    {% if where %}
        {% set scope = api.Relation.create(
            database=relation.database, schema='run', identifier='scope'
        ) %}
        {%- set dates -%}
            (select scope.event_date from {{ scope }} as scope where scope.is_written)
        {%- endset %}
        {%- set filtered -%}
            (select * from {{ relation }} where {{ where | replace('__dates_written__', dates) }}) dbt_subquery
        {%- endset -%}
        {% do return(filtered) %}
    {% else %}
        {% do return(relation) %}
    {% endif %}
{%- endmacro %}
