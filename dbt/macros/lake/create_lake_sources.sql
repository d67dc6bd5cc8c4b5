{#
    For stock dbt-duckdb: makes the relations that the models read, over the Parquet of the lake named by
    --vars 'lake: /path', for a build of all dates. Does nothing when no lake is named: then whoever runs the models
    has made them.
#}
{% macro create_lake_sources() %}
    {% if execute and var('lake') and target.type == 'duckdb' %}
        {% do run_query('create schema if not exists bronze') %}
        {% do run_query('create schema if not exists run') %}
        {% for topic in event_topics() %}
            {% do create_lake_view(topic, 'bronze/' ~ topic, event_columns()) %}
        {% endfor %}
        {% do create_lake_view('quarantine', '_quarantine', quarantine_columns()) %}
        {% do run_query(run_context_sql()) %}
        {% do run_query(run_scope_sql()) %}
        {% do run_query(
            'create or replace view run.touched as select event_date, false as is_expired from run.scope'
        ) %}
    {% endif %}
{% endmacro %}


{% macro event_topics() %}
    {{ return([
        'listen_events',
        'page_view_events',
        'auth_events',
        'status_change_events',
    ]) }}
{% endmacro %}


{% macro create_lake_view(name, folder, columns) %}
    {% set files = "'" ~ var('lake') ~ '/' ~ folder ~ "/**/*.parquet'" %}
    {% set count = run_query('select count(*) from glob(' ~ files ~ ')') %}
    {% set typed_columns %}
        {% for column, data_type in columns.items() -%}
            cast(null as {{ data_type }}) as {{ column }}
            {%- if not loop.last %}, {% endif %}
        {%- endfor %}
    {% endset %}
    {% set sql %}
        create or replace view bronze.{{ name }} as
        {% if count.columns[0].values()[0] > 0 -%}
            {# The empty part gives columns that an old file lacks, and their order. #}
            select {{ typed_columns }} where false
            union all by name
            select * from read_parquet(
                {{ files }}, hive_partitioning = false, union_by_name = true
            )
        {%- else -%}
            select {{ typed_columns }} where false
        {%- endif %}
    {% endset %}
    {% do run_query(sql) %}
{% endmacro %}


{% macro run_context_sql() %}
    create or replace view run.context as
    select
        max(ts) as watermark_ms,
        cast(null as bigint) as previous_watermark_ms,
        true as is_full
    from (
        {% for topic in event_topics() -%}
            select ts from bronze.{{ topic }}
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
    )
{% endmacro %}


{% macro run_scope_sql() %}
    create or replace table run.scope as
    select distinct
        date '1970-01-01' + cast(ts // 86400000 as integer) as event_date,
        true as is_written
    from (
        {% for topic in event_topics() -%}
            select ts from bronze.{{ topic }}
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
    )
{% endmacro %}


{# Every column that an event of any topic has in bronze. #}
{% macro event_columns() %}
    {{ return({
        'ts': 'bigint',
        'sessionId': 'bigint',
        'page': 'varchar',
        'auth': 'varchar',
        'method': 'varchar',
        'status': 'integer',
        'level': 'varchar',
        'itemInSession': 'integer',
        'city': 'varchar',
        'zip': 'varchar',
        'state': 'varchar',
        'userAgent': 'varchar',
        'lon': 'double',
        'lat': 'double',
        'userId': 'varchar',
        'lastName': 'varchar',
        'firstName': 'varchar',
        'gender': 'varchar',
        'registration': 'bigint',
        'tag': 'varchar',
        'artist': 'varchar',
        'song': 'varchar',
        'duration': 'double',
        'success': 'boolean',
        'event_at': 'timestamp with time zone',
        'artist_utf8': 'varchar',
        'song_utf8': 'varchar',
        'location': 'varchar',
        'input_format': 'varchar',
        'producer': 'varchar',
        'source': 'varchar',
        'source_partition': 'integer',
        'source_offset': 'bigint',
        'source_timestamp': 'timestamp with time zone',
        'ingested_at': 'timestamp with time zone',
        'chain': 'varchar',
        'seq': 'bigint',
        'schema_id': 'integer',
        'rescued_data': 'varchar',
    }) }}
{% endmacro %}


{% macro quarantine_columns() %}
    {{ return({
        'topic': 'varchar',
        'reason': 'varchar',
        'detail': 'varchar',
        'raw': 'blob',
        'raw_bytes': 'bigint',
        'input_format': 'varchar',
        'producer': 'varchar',
        'source': 'varchar',
        'source_partition': 'integer',
        'source_offset': 'bigint',
        'source_timestamp': 'timestamp with time zone',
        'ingested_at': 'timestamp with time zone',
        'chain': 'varchar',
        'seq': 'bigint',
    }) }}
{% endmacro %}
