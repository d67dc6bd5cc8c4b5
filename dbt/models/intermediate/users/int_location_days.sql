{{ keep_by_date() }}

with

events as (
    select * from {{ ref('int_events_deduped') }}
    where event_date in {{ dates_written() }}
),

places as (
    select
        city,
        state_code,
        zip,
        {{ coordinate_key('latitude') }} as latitude_key,
        {{ coordinate_key('longitude') }} as longitude_key,
        event_date,
        min(latitude) as latitude,
        min(longitude) as longitude,
        count(*) as events
    from events
    group by 1, 2, 3, 4, 5, 6
),

final as (
    select
        cast({{ location_key() }} as {{ dbt.type_string() }}) as location_key,
        cast(city as {{ dbt.type_string() }}) as city,
        cast(state_code as {{ dbt.type_string() }}) as state_code,
        cast(zip as {{ dbt.type_string() }}) as zip,
        cast(latitude_key as bigint) as latitude_key,
        cast(longitude_key as bigint) as longitude_key,
        cast(latitude as double) as latitude,
        cast(longitude as double) as longitude,
        cast(events as bigint) as events,
        cast(event_date as date) as event_date
    from places
    where
        coalesce(city, state_code, zip) is not null
        or coalesce(latitude, longitude) is not null
)

select * from final
