{% macro ms_to_timestamp(milliseconds) -%}
    {{ return(adapter.dispatch('ms_to_timestamp')(milliseconds)) }}
{%- endmacro %}

{% macro duckdb__ms_to_timestamp(milliseconds) -%}
    epoch_ms(cast({{ milliseconds }} as bigint))
{%- endmacro %}

{% macro spark__ms_to_timestamp(milliseconds) -%}
    timestamp_millis({{ milliseconds }})
{%- endmacro %}


{# Milliseconds of the years 1 to 9999; others are no time that a date can show. #}
{% macro calendar_ms(milliseconds) -%}
    {{ within(milliseconds, -62135596800000, 253402300799999) }}
{%- endmacro %}


{% macro timestamp_to_ms(moment) -%}
    {{ return(adapter.dispatch('timestamp_to_ms')(moment)) }}
{%- endmacro %}

{% macro duckdb__timestamp_to_ms(moment) -%}
    epoch_ms({{ moment }})
{%- endmacro %}

{% macro spark__timestamp_to_ms(moment) -%}
    unix_millis({{ moment }})
{%- endmacro %}


{% macro ms_to_date(milliseconds) -%}
    {{ add_days("date '1970-01-01'", whole_quotient(milliseconds, 86400000)) }}
{%- endmacro %}


{% macro date_to_ms(day) -%}
    ({{ days_between("date '1970-01-01'", day) }} * cast(86400000 as bigint))
{%- endmacro %}


{% macro add_days(day, count) -%}
    {{ return(adapter.dispatch('add_days')(day, count)) }}
{%- endmacro %}

{% macro duckdb__add_days(day, count) -%}
    ({{ day }} + cast({{ count }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, count) -%}
    date_add({{ day }}, cast({{ count }} as int))
{%- endmacro %}


{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between')(start_date, end_date)) }}
{%- endmacro %}

{% macro duckdb__days_between(start_date, end_date) -%}
    ({{ end_date }} - {{ start_date }})
{%- endmacro %}

{% macro spark__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}


{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday')(day)) }}
{%- endmacro %}

{% macro duckdb__iso_weekday(day) -%}
    isodow({{ day }})
{%- endmacro %}

{% macro spark__iso_weekday(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}


{% macro weekday_name(iso_weekday_number) -%}
    case {{ iso_weekday_number }}
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        when 7 then 'Sunday'
    end
{%- endmacro %}


{% macro iso_year(day) -%}
    extract(
        year from {{ add_days(day, '4 - ' ~ iso_weekday(day)) }}
    )
{%- endmacro %}


{% macro iso_week(day) -%}
    {{ return(adapter.dispatch('iso_week')(day)) }}
{%- endmacro %}

{% macro default__iso_week(day) -%}
    extract(week from {{ day }})
{%- endmacro %}
