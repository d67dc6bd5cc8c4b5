{#
    The number that a text spells in digits, after a minus sign or none; null if it spells none. Engines would read
    more: '1.5' and '5e3' everywhere, '0x10' and '1_000' on some. To trim digits is quicker than to match a pattern,
    and the cast refuses what it lets through, such as '1-2'.
#}
{% macro whole_number(text) -%}
    case
        when trim(both '0123456789' from {{ text }}) in ('', '-')
            then try_cast({{ text }} as bigint)
    end
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
