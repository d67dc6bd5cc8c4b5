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


{#
    Steps in order of time, those of one millisecond by their item, which must not reach into the next. Items beyond
    that range share a number: what tells steps apart is the item itself, with this or the time.
#}
{% macro step_order() -%}
    ts * 1000000 + least(greatest(itemInSession, 0), 999999)
{%- endmacro %}


{% macro coordinate_key(degrees) -%}
    cast(round({{ degrees }} * 1e4) as bigint)
{%- endmacro %}


{% macro unknown_key() -%}
    '-1'
{%- endmacro %}


{# The key of the place that an event names; the unknown member if it names none. #}
{% macro location_key(relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    case
        when coalesce({{ of }}city, {{ of }}state_code, {{ of }}zip) is null
            and coalesce({{ of }}latitude, {{ of }}longitude) is null
            then {{ unknown_key() }}
        else {{ md5_key([
            of ~ 'city',
            of ~ 'state_code',
            of ~ 'zip',
            coordinate_key(of ~ 'latitude'),
            coordinate_key(of ~ 'longitude'),
        ]) }}
    end
{%- endmacro %}


{# Does an event show a device? #}
{% macro shows_device(relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    coalesce({{ of }}user_agent, {{ of }}zip, nullif({{ of }}location, '')) is not null
    or coalesce({{ of }}latitude, {{ of }}longitude) is not null
{%- endmacro %}


{# The key of the device that an event shows; null if it hides it. #}
{% macro device_key(relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    case
        when {{ shows_device(relation) }}
            then {{ md5_key([
                of ~ 'user_agent',
                of ~ 'zip',
                coordinate_key(of ~ 'latitude'),
                coordinate_key(of ~ 'longitude'),
                of ~ 'location',
            ]) }}
    end
{%- endmacro %}


{# Is the row of int_location_days the place that a row of the relation names? #}
{% macro is_location_of(relation) -%}
    {{ relation }}.event_date = int_location_days.event_date
    and {{ relation }}.city is not distinct from int_location_days.city
    and {{ relation }}.state_code is not distinct from int_location_days.state_code
    and {{ relation }}.zip is not distinct from int_location_days.zip
    and {{ coordinate_key(relation ~ '.latitude') }}
    is not distinct from int_location_days.latitude_key
    and {{ coordinate_key(relation ~ '.longitude') }}
    is not distinct from int_location_days.longitude_key
{%- endmacro %}
