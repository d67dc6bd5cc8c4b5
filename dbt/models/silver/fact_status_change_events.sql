{{ config(materialized='table', meta={'partition_by': 'event_date'}) }}

with

int_status_changes as (
    select * from {{ ref('int_status_changes') }}
),

int_level_history as (
    select * from {{ ref('int_level_history') }}
),

{# A submit took effect if the person's very next step, in whatever session, shows it. #}
level_changes as (
    select
        person_key,
        prev_last_order as step_order
    from int_level_history
    where prev_level <> level
    group by person_key, prev_last_order
),

final as (
    select
        cast(int_status_changes.event_id as {{ dbt.type_string() }})
            as event_id,
        cast(int_status_changes.session_key as {{ dbt.type_string() }})
            as session_key,
        cast(int_status_changes.person_key as {{ dbt.type_string() }})
            as person_key,
        cast(int_status_changes.location_key as {{ dbt.type_string() }})
            as location_key,
        cast(int_status_changes.device_key as {{ dbt.type_string() }})
            as device_key,
        cast(
            {{ time_key(
                'int_status_changes.ts_ms', 'int_status_changes.event_date'
            ) }} as integer
        ) as time_key,
        cast(
            nullif(int_status_changes.producer, '')
            as {{ dbt.type_string() }}
        ) as producer,
        cast(int_status_changes.auth as {{ dbt.type_string() }}) as auth,
        cast(int_status_changes.level as {{ dbt.type_string() }}) as level,
        cast(int_status_changes.change_type as {{ dbt.type_string() }})
            as change_type,
        cast(int_status_changes.session_id as bigint) as session_id,
        cast(int_status_changes.item_in_session as integer)
            as item_in_session,
        cast(int_status_changes.user_id as bigint) as user_id,
        cast(int_status_changes.resolved_user_id as bigint)
            as resolved_user_id,
        cast(int_status_changes.ts_ms as bigint) as ts_ms,
        cast({{ lateness_seconds('int_status_changes') }} as bigint)
            as lateness_seconds,
        cast(int_status_changes.source_partition as integer)
            as source_partition,
        cast(int_status_changes.source_offset as bigint) as source_offset,
        cast(level_changes.step_order is not null as boolean)
            as is_effective,
        {{ calendar_columns('int_status_changes') }}
    from int_status_changes
    left join level_changes
        on
            int_status_changes.person_key = level_changes.person_key
            and int_status_changes.step_order = level_changes.step_order
)

select * from final
