{# The last columns of every fact: when the event happened, in UTC, the partition key at the end. #}
{% macro time_key(milliseconds, day) -%}
    extract(year from {{ day }}) * 1000000
    + extract(month from {{ day }}) * 10000
    + extract(day from {{ day }}) * 100
    + {{ whole_quotient('(' ~ milliseconds ~ ' % 86400000)', 3600000) }}
{%- endmacro %}


{% macro calendar_columns(relation) -%}
    cast({{ ms_to_timestamp(relation ~ '.ts_ms') }} as timestamp) as event_at,
    cast(extract(year from {{ relation }}.event_date) as smallint) as year,
    cast(extract(month from {{ relation }}.event_date) as tinyint) as month,
    cast(extract(day from {{ relation }}.event_date) as tinyint) as day,
    cast({{ relation }}.event_date as date) as event_date
{%- endmacro %}


{# Whole seconds between an event and its arrival at the source; null for files. #}
{% macro lateness_seconds(relation) -%}
    cast(
        floor(({{ relation }}.source_ms - {{ relation }}.ts_ms) / 1000.0)
        as bigint
    )
{%- endmacro %}
