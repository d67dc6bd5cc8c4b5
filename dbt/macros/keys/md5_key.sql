{% macro md5_key(parts) -%}
    md5(
        {% for part in parts -%}
            coalesce(cast({{ part }} as {{ dbt.type_string() }}), '')
            {%- if not loop.last %} || '|' || {% endif %}
        {% endfor -%}
    )
{%- endmacro %}


{% macro coordinate_key(degrees) -%}
    cast(round({{ degrees }} * 1e4) as bigint)
{%- endmacro %}


{% macro unknown_key() -%}
    '-1'
{%- endmacro %}


{# The key of the place that an event names; the unknown member if it names none. #}
{% macro location_key() -%}
    case
        when coalesce(city, state_code, zip) is null
            and coalesce(latitude, longitude) is null
            then {{ unknown_key() }}
        else {{ md5_key([
            'city',
            'state_code',
            'zip',
            coordinate_key('latitude'),
            coordinate_key('longitude'),
        ]) }}
    end
{%- endmacro %}
