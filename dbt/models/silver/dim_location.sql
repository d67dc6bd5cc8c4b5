with

int_location_days as (
    select * from {{ ref('int_location_days') }}
),

us_states as (
    select * from {{ ref('us_states') }}
),

places as (
    select
        location_key,
        min(city) as city,
        min(state_code) as state_code,
        min(zip) as zip,
        min(latitude) as latitude,
        min(longitude) as longitude
    from int_location_days
    group by location_key
),

final as (
    select
        cast(places.location_key as {{ dbt.type_string() }}) as location_key,
        cast(places.city as {{ dbt.type_string() }}) as city,
        cast(places.state_code as {{ dbt.type_string() }}) as state_code,
        cast(us_states.state_name as {{ dbt.type_string() }}) as state_name,
        cast(places.zip as {{ dbt.type_string() }}) as zip,
        cast('US' as {{ dbt.type_string() }}) as country,
        cast(us_states.time_zone as {{ dbt.type_string() }}) as time_zone,
        cast(us_states.region as {{ dbt.type_string() }}) as region,
        cast(places.latitude as double) as latitude,
        cast(places.longitude as double) as longitude
    from places
    left join us_states
        on places.state_code = us_states.state_code

    union all

    select
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as location_key,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as state_code,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as zip,
        cast('US' as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as time_zone,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as double) as latitude,
        cast(null as double) as longitude
)

select * from final
