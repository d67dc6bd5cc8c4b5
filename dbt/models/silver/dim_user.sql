with

int_level_history as (
    select * from {{ ref('int_level_history') }}
),

int_person_days as (
    select * from {{ ref('int_person_days') }}
),

fact_status_change_events as (
    select * from {{ ref('fact_status_change_events') }}
),

{# Two changes within one millisecond leave one version: none is without duration. #}
lasting_versions as (
    select
        *,
        coalesce(
            first_ms = lead(first_ms) over (
                partition by person_key
                order by version_number
            ), false
        ) as is_instant
    from int_level_history
),

versions_with_change as (
    select
        *,
        coalesce(
            coalesce(level, '') || account_status
            = lag(coalesce(level, '') || account_status) over (
                partition by person_key
                order by version_number
            ), false
        ) as is_unchanged,
        lag(level) over (
            partition by person_key
            order by version_number
        ) as earlier_level,
        lag(account_status) over (
            partition by person_key
            order by version_number
        ) as earlier_account_status
    from lasting_versions
    where not is_instant
),

versions as (
    select
        *,
        row_number() over (
            partition by person_key
            order by version_number
        ) as version,
        lead(first_ms) over (
            partition by person_key
            order by version_number
        ) as next_ms
    from versions_with_change
    where not is_unchanged
),

submits as (
    select
        int_level_history.person_key,
        int_level_history.version_number,
        count(*) as submits
    from int_level_history
    inner join fact_status_change_events
        on
            int_level_history.person_key
            = fact_status_change_events.person_key
            and int_level_history.prev_last_order
            = fact_status_change_events.ts_ms * 1000000
            + fact_status_change_events.item_in_session
    where fact_status_change_events.is_effective
    group by
        int_level_history.person_key,
        int_level_history.version_number
),

names as (
    select
        int_level_history.person_key,
        max_by(int_person_days.first_name, int_person_days.last_ms)
            as first_name,
        max_by(int_person_days.last_name, int_person_days.last_ms)
            as last_name,
        max_by(int_person_days.gender, int_person_days.last_ms) as gender
    from int_level_history
    inner join int_person_days
        on
            int_level_history.resolved_user_id = int_person_days.user_id
            and int_level_history.producer = int_person_days.producer
            and coalesce(int_level_history.registration_ms, -1)
            = coalesce(int_person_days.registration_ms, -1)
    where int_level_history.version_number = 1
    group by int_level_history.person_key
),

described_versions as (
    select
        versions.person_key,
        versions.account_key,
        versions.producer,
        versions.resolved_user_id as user_id,
        names.first_name,
        names.last_name,
        names.gender,
        versions.level,
        versions.account_status,
        versions.registration_ms,
        versions.version,
        versions.next_ms,
        case
            when versions.version = 1
                then least(
                    coalesce(versions.registration_ms, versions.first_ms),
                    versions.first_ms
                )
            else versions.first_ms
        end as valid_from_ms,
        case
            when versions.version = 1 then 'first_seen'
            when versions.account_status = 'cancelled' then 'cancelled'
            when versions.earlier_level <> versions.level
                then
                    case
                        when submits.submits is null then 'unexplained'
                        else 'submitted'
                    end
                    || case versions.level
                        when 'paid' then '_upgrade'
                        else '_downgrade'
                    end
            when versions.earlier_account_status = 'cancelled'
                then 'reactivated'
            else 'unexplained'
        end as change_reason
    from versions
    left join names
        on versions.person_key = names.person_key
    left join submits
        on
            versions.person_key = submits.person_key
            and versions.version_number = submits.version_number
),

final as (
    select
        cast(
            {{ md5_key(['person_key', 'valid_from_ms']) }}
            as {{ dbt.type_string() }}
        ) as user_key,
        cast(person_key as {{ dbt.type_string() }}) as person_key,
        cast(account_key as {{ dbt.type_string() }}) as account_key,
        cast(nullif(producer, '') as {{ dbt.type_string() }}) as producer,
        cast(first_name as {{ dbt.type_string() }}) as first_name,
        cast(last_name as {{ dbt.type_string() }}) as last_name,
        cast(coalesce(gender, 'U') as {{ dbt.type_string() }}) as gender,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(account_status as {{ dbt.type_string() }}) as account_status,
        cast(change_reason as {{ dbt.type_string() }}) as change_reason,
        cast(user_id as bigint) as user_id,
        cast(version as integer) as version,
        cast(next_ms is null as boolean) as is_current,
        cast({{ ms_to_timestamp('registration_ms') }} as timestamp)
            as registered_at,
        cast({{ ms_to_timestamp('valid_from_ms') }} as timestamp)
            as valid_from,
        cast(
            coalesce(
                {{ ms_to_timestamp('next_ms') }},
                timestamp '9999-12-31 00:00:00'
            ) as timestamp
        ) as valid_to
    from described_versions

    union all

    select
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as user_key,
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as person_key,
        cast({{ unknown_key() }} as {{ dbt.type_string() }}) as account_key,
        cast(null as {{ dbt.type_string() }}) as producer,
        cast(null as {{ dbt.type_string() }}) as first_name,
        cast(null as {{ dbt.type_string() }}) as last_name,
        cast('U' as {{ dbt.type_string() }}) as gender,
        cast(null as {{ dbt.type_string() }}) as level,
        cast('unknown' as {{ dbt.type_string() }}) as account_status,
        cast('unknown' as {{ dbt.type_string() }}) as change_reason,
        cast(null as bigint) as user_id,
        cast(1 as integer) as version,
        cast(true as boolean) as is_current,
        cast(null as timestamp) as registered_at,
        cast(timestamp '1970-01-01 00:00:00' as timestamp) as valid_from,
        cast(timestamp '9999-12-31 00:00:00' as timestamp) as valid_to
)

select * from final
