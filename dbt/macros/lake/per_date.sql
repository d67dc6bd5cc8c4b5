{# Configures a model that is kept by event date: whole dates are replaced, never rows. #}
{% macro keep_by_date() -%}
    {{ config(**adapter.dispatch('per_date_config')()) }}
{%- endmacro %}

{% macro duckdb__per_date_config() -%}
    {{ return({
        'materialized': 'incremental',
        'incremental_strategy': 'delete+insert',
        'unique_key': 'event_date',
        'on_schema_change': 'fail',
    }) }}
{%- endmacro %}

{% macro spark__per_date_config() -%}
    {{ return({
        'materialized': 'incremental',
        'incremental_strategy': 'insert_overwrite',
        'partition_by': ['event_date'],
        'file_format': 'parquet',
        'on_schema_change': 'fail',
    }) }}
{%- endmacro %}


{# Dates that this build reads: the written ones and what they need of their neighbours. #}
{% macro dates_read() -%}
    (select scope.event_date from {{ source('run', 'scope') }} as scope)
{%- endmacro %}


{# Dates whose rows this build replaces. #}
{% macro dates_written() -%}
    (
        select scope.event_date
        from {{ source('run', 'scope') }} as scope
        where scope.is_written
    )
{%- endmacro %}


{#
    Configures a model of the dates in scope that several models read and none of a later build: its rows are computed
    once a build and not kept. The native runtime holds a view with several readers as a table until the build ends.
#}
{% macro keep_for_build() -%}
    {{ config(**adapter.dispatch('for_build_config')()) }}
{%- endmacro %}

{% macro duckdb__for_build_config() -%}
    {{ return({'materialized': 'view'}) }}
{%- endmacro %}

{% macro spark__for_build_config() -%}
    {{ return({'materialized': 'table', 'file_format': 'parquet'}) }}
{%- endmacro %}
