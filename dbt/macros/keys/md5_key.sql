{# The md5 of the parts, null as the empty text, joined by a bar. Integers, dates and text only: their text is the
same on every engine. #}
{% macro md5_key(parts) -%}
    md5(
        concat_ws(
            '|',
            {% for part in parts -%}
                coalesce(cast({{ part }} as {{ dbt.type_string() }}), '')
                {%- if not loop.last %},{% endif %}
            {% endfor -%}
        )
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


{# Does an event show a device? #}
{% macro shows_device() -%}
    coalesce(user_agent, zip, nullif(location, '')) is not null
    or coalesce(latitude, longitude) is not null
{%- endmacro %}


{# The key of the device that an event shows; null if it hides it. #}
{% macro device_key() -%}
    case
        when {{ shows_device() }}
            then {{ md5_key([
                'user_agent',
                'zip',
                coordinate_key('latitude'),
                coordinate_key('longitude'),
                'location',
            ]) }}
    end
{%- endmacro %}
