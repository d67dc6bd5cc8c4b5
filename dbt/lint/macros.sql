{# Stand-ins of the project's macros for SQLFluff: the shape of the SQL that they give, not its meaning. #}
{% macro config() %}{% if kwargs %}{% endif %}{% endmacro %}
{% macro keep_by_date() %}{% endmacro %}
{% macro keep_for_build() %}{% endmacro %}
{% macro source(schema, name) %}{{ schema }}_{{ name }}{% endmacro %}
{% macro ref(name) %}{{ name }}{% endmacro %}
{% macro var(name) %}30{% endmacro %}
{% macro dates_read() %}(select scope.event_date from run_scope as scope){% endmacro %}
{% macro dates_written() %}(select scope.event_date from run_scope as scope where scope.is_written){% endmacro %}
{% macro ms_to_timestamp(milliseconds) %}epoch_ms({{ milliseconds }}){% endmacro %}
{% macro timestamp_to_ms(moment) %}epoch_ms({{ moment }}){% endmacro %}
{% macro ms_to_date(milliseconds) %}date_of({{ milliseconds }}){% endmacro %}
{% macro date_to_ms(day) %}epoch_ms({{ day }}){% endmacro %}
{% macro add_days(day, count) %}date_add({{ day }}, {{ count }}){% endmacro %}
{% macro days_between(start_date, end_date) %}datediff({{ end_date }}, {{ start_date }}){% endmacro %}
{% macro iso_weekday(day) %}isodow({{ day }}){% endmacro %}
{% macro iso_week(day) %}week({{ day }}){% endmacro %}
{% macro iso_year(day) %}isoyear({{ day }}){% endmacro %}
{% macro weekday_name(number) %}dayname({{ number }}){% endmacro %}
{% macro whole_number(text) %}whole_number({{ text }}){% endmacro %}
{% macro whole_quotient(dividend, divisor) %}div({{ dividend }}, {{ divisor }}){% endmacro %}
{% macro step_order() %}ts + itemInSession{% endmacro %}
{% macro within(number, least, greatest) %}{{ number }}{% endmacro %}
{% macro calendar_ms(milliseconds) %}{{ milliseconds }}{% endmacro %}
{% macro round_half_up(number) %}round({{ number }}){% endmacro %}
{% macro integer_sum(number) %}sum({{ number }}){% endmacro %}
{% macro ms_percentile(milliseconds, share) %}percentile({{ milliseconds }}, {{ share }}){% endmacro %}
{% macro number_series(digit_count) %}select digit as number from digits{% endmacro %}
{% macro ten_digits() %}select 1 as digit{% endmacro %}
{% macro md5_key(parts) %}md5({{ parts | join(' || ') }}){% endmacro %}
{% macro coordinate_key(degrees) %}round({{ degrees }}){% endmacro %}
{% macro unknown_key() %}'-1'{% endmacro %}
{% macro location_key(relation="") %}md5({{ relation }}{% if relation %}.{% endif %}city){% endmacro %}
{% macro device_key(relation="") %}md5({{ relation }}{% if relation %}.{% endif %}user_agent){% endmacro %}
{% macro event_city() %}city{% endmacro %}
{% macro event_state_code() %}state{% endmacro %}
{% macro time_key(milliseconds, day) %}hour_of({{ milliseconds }}, {{ day }}){% endmacro %}
{% macro lateness_seconds(relation) %}floor({{ relation }}.source_ms - {{ relation }}.ts_ms){% endmacro %}
{% macro calendar_columns(relation) %}{{ relation }}.event_date{% endmacro %}
{% macro shows_device(relation="") %}{{ relation }}{% if relation %}.{% endif %}user_agent is not null{% endmacro %}
{% macro is_location_of(relation) %}{{ relation }}.zip = int_location_days.zip{% endmacro %}
