{# The number that a text spells, null if it spells none. #}
{% macro whole_number(text) -%}
    try_cast({{ text }} as bigint)
{%- endmacro %}


{#
    Single-stream rows carry one text such as "Riverside-San Bernardino-Ontario, CA" in place of city and state:
    the city stands before the last comma, the state is the first code after it ("NY-NJ-PA" is NY, "APO AE" is AE).
#}
{% macro event_city() -%}
    case
        when location is null then city
        else nullif(
            trim(
                regexp_extract(location, '^(.*),[^,]*$', 1)
            ), ''
        )
    end
{%- endmacro %}

{% macro event_state_code() -%}
    case
        when location is null then state
        else nullif(
            regexp_extract(
                location,
                '(?:^|,) *(?:[AFD]PO +)?([A-Z][A-Z])(?:-[A-Z][A-Z])* *$',
                1
            ), ''
        )
    end
{%- endmacro %}
