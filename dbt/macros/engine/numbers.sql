{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    ({{ dividend }} // {{ divisor }})
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
    ({{ dividend }} div {{ divisor }})
{%- endmacro %}


{% macro round_half_up(number) -%}
    cast(floor({{ number }} + 0.5) as bigint)
{%- endmacro %}


{# Bronze holds whatever a producer may send; what no engine can compute with is unknown from staging on. #}
{% macro within(number, least, greatest) -%}
    case when {{ number }} between {{ least }} and {{ greatest }} then {{ number }} end
{%- endmacro %}


{% macro integer_sum(number) -%}
    cast(sum({{ number }}) as bigint)
{%- endmacro %}


{% macro ms_percentile(milliseconds, share) -%}
    {{ return(adapter.dispatch('ms_percentile')(milliseconds, share)) }}
{%- endmacro %}

{% macro duckdb__ms_percentile(milliseconds, share) -%}
    {{ round_half_up('quantile_cont(' ~ milliseconds ~ ', ' ~ share ~ ')') }}
{%- endmacro %}

{% macro spark__ms_percentile(milliseconds, share) -%}
    {{ round_half_up('percentile(' ~ milliseconds ~ ', ' ~ share ~ ')') }}
{%- endmacro %}


{% macro number_series(digit_count) -%}
    {# 0 to 10^digit_count - 1, in a column named number #}
    select
        {% for place in range(digit_count) -%}
            digits_{{ place }}.digit * {{ 10 ** place }}
            {%- if not loop.last %} + {% endif %}
        {%- endfor %} as number
    from digits as digits_0
    {% for place in range(1, digit_count) -%}
        cross join digits as digits_{{ place }}
    {% endfor %}
{%- endmacro %}


{% macro ten_digits() -%}
    {% for digit in range(10) -%}
        select {{ digit }} as digit
        {%- if not loop.last %}
            union all
        {% endif %}
    {%- endfor %}
{%- endmacro %}
