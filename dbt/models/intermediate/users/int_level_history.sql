with

int_user_levels as (
    select * from {{ ref('int_user_levels') }}
),

runs_with_change as (
    select
        *,
        case
            when
                coalesce(level, '') || account_status
                = lag(coalesce(level, '') || account_status) over (
                    partition by person_key
                    order by event_date, run_number
                )
                then 0
            else 1
        end as is_change
    from int_user_levels
),

runs_with_version as (
    select
        *,
        sum(is_change) over (
            partition by person_key
            order by event_date, run_number
            rows between unbounded preceding and current row
        ) as version_number
    from runs_with_change
),

versions as (
    select
        person_key,
        version_number,
        min(account_key) as account_key,
        min(producer) as producer,
        min(level) as level,
        min(account_status) as account_status,
        min(resolved_user_id) as resolved_user_id,
        min(registration_ms) as registration_ms,
        min(first_order) as first_order,
        max(last_order) as last_order,
        min(first_ms) as first_ms,
        max(last_ms) as last_ms,
        sum(steps) as steps
    from runs_with_version
    group by person_key, version_number
),

versions_with_neighbours as (
    select
        *,
        lag(level) over (
            partition by person_key
            order by version_number
        ) as prev_level,
        lag(account_status) over (
            partition by person_key
            order by version_number
        ) as prev_account_status,
        lag(last_order) over (
            partition by person_key
            order by version_number
        ) as prev_last_order
    from versions
),

final as (
    select
        cast(person_key as {{ dbt.type_string() }}) as person_key,
        cast(account_key as {{ dbt.type_string() }}) as account_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(prev_level as {{ dbt.type_string() }}) as prev_level,
        cast(account_status as {{ dbt.type_string() }}) as account_status,
        cast(prev_account_status as {{ dbt.type_string() }})
            as prev_account_status,
        cast(resolved_user_id as bigint) as resolved_user_id,
        cast(registration_ms as bigint) as registration_ms,
        cast(version_number as integer) as version_number,
        cast(first_order as bigint) as first_order,
        cast(last_order as bigint) as last_order,
        cast(prev_last_order as bigint) as prev_last_order,
        cast(first_ms as bigint) as first_ms,
        cast(last_ms as bigint) as last_ms,
        cast(steps as bigint) as steps
    from versions_with_neighbours
)

select * from final
