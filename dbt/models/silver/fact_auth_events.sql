{{ keep_by_date() }}

with

int_auth as (
    select * from {{ ref('int_auth') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        cast(int_auth.event_id as {{ dbt.type_string() }}) as event_id,
        cast(int_auth.session_key as {{ dbt.type_string() }}) as session_key,
        cast(int_sessions.person_key as {{ dbt.type_string() }}) as person_key,
        cast(int_auth.location_key as {{ dbt.type_string() }})
            as location_key,
        cast(int_sessions.device_key as {{ dbt.type_string() }}) as device_key,
        cast(
            {{ time_key('int_auth.ts_ms', 'int_auth.event_date') }}
            as integer
        ) as time_key,
        cast(nullif(int_auth.producer, '') as {{ dbt.type_string() }})
            as producer,
        cast(int_auth.level as {{ dbt.type_string() }}) as level,
        cast(int_auth.session_id as bigint) as session_id,
        cast(int_auth.item_in_session as integer) as item_in_session,
        cast(int_auth.user_id as bigint) as user_id,
        cast(int_sessions.resolved_user_id as bigint) as resolved_user_id,
        cast(int_auth.ts_ms as bigint) as ts_ms,
        cast(int_auth.attempt_in_session as integer) as attempt_in_session,
        cast(int_auth.failed_before_success as integer)
            as failed_before_success,
        cast({{ lateness_seconds('int_auth') }} as bigint)
            as lateness_seconds,
        cast(int_auth.source_partition as integer) as source_partition,
        cast(int_auth.source_offset as bigint) as source_offset,
        cast(int_auth.is_success as boolean) as is_success,
        cast(int_auth.is_echo as boolean) as is_echo,
        {{ calendar_columns('int_auth') }}
    from int_auth
    inner join int_sessions
        on int_auth.session_key = int_sessions.session_key
)

select * from final
