{{ keep_by_date() }}

with

int_session_days as (
    select * from {{ ref('int_session_days') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where
        event_date in {{ dates_read() }}
        and not is_anonymous
),

int_session_steps as (
    select * from {{ ref('int_session_steps') }}
    where event_date in {{ dates_written() }}
),

days as (
    select
        int_sessions.account_key,
        int_session_days.event_date,
        min(int_sessions.person_key) as person_key,
        min(int_sessions.producer) as producer,
        min(int_sessions.resolved_user_id) as resolved_user_id,
        min(int_sessions.registration_ms) as registration_ms,
        min(int_session_days.level) as level,
        min(int_session_days.first_order) as first_order,
        max(int_session_days.last_order) as last_order,
        min(int_session_days.first_ms) as first_ms,
        max(int_session_days.last_ms) as last_ms,
        sum(int_session_days.steps) as steps,
        coalesce(
            min(int_session_days.level) = max(int_session_days.level), true
        )
        and count(int_session_days.level) in (0, count(*))
        and min(int_sessions.person_key) = max(int_sessions.person_key)
        and sum(int_session_days.cancellations) = 0 as is_one_level
    from int_session_days
    inner join int_sessions
        on int_session_days.session_key = int_sessions.session_key
    group by int_sessions.account_key, int_session_days.event_date
),

{# Only the days on which something changed are looked at step by step. #}
steps as (
    select
        int_sessions.person_key,
        int_session_steps.event_date,
        int_sessions.account_key,
        int_sessions.producer,
        int_sessions.resolved_user_id,
        int_sessions.registration_ms,
        int_session_steps.session_key,
        int_session_steps.step_order,
        int_session_steps.item_in_session,
        int_session_steps.ts_ms,
        int_session_steps.level,
        case
            when int_session_steps.page = 'Cancellation Confirmation'
                then 'cancelled'
            else 'active'
        end as account_status
    from int_session_steps
    inner join int_sessions
        on int_session_steps.session_key = int_sessions.session_key
    inner join days
        on
            int_sessions.account_key = days.account_key
            and int_session_steps.event_date = days.event_date
    where not days.is_one_level
),

steps_with_change as (
    select
        *,
        case
            when
                coalesce(level, '') || account_status || person_key
                = lag(coalesce(level, '') || account_status || person_key)
                    over (
                        partition by account_key, event_date
                        order by step_order, item_in_session, session_key
                    )
                then 0
            else 1
        end as is_change
    from steps
),

steps_with_run as (
    select
        *,
        sum(is_change) over (
            partition by account_key, event_date
            order by step_order, item_in_session, session_key
            rows between unbounded preceding and current row
        ) as run_number
    from steps_with_change
),

runs as (
    select
        person_key,
        event_date,
        run_number,
        level,
        account_status,
        account_key,
        producer,
        resolved_user_id,
        registration_ms,
        min(step_order) as first_order,
        max(step_order) as last_order,
        min(ts_ms) as first_ms,
        max(ts_ms) as last_ms,
        count(*) as steps
    from steps_with_run
    group by
        person_key,
        event_date,
        run_number,
        level,
        account_status,
        account_key,
        producer,
        resolved_user_id,
        registration_ms

    union all

    select
        person_key,
        event_date,
        1 as run_number,
        level,
        'active' as account_status,
        account_key,
        producer,
        resolved_user_id,
        registration_ms,
        first_order,
        last_order,
        first_ms,
        last_ms,
        steps
    from days
    where is_one_level
),

final as (
    select
        cast(person_key as {{ dbt.type_string() }}) as person_key,
        cast(account_key as {{ dbt.type_string() }}) as account_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(account_status as {{ dbt.type_string() }}) as account_status,
        cast(resolved_user_id as bigint) as resolved_user_id,
        cast(registration_ms as bigint) as registration_ms,
        cast(run_number as bigint) as run_number,
        cast(first_order as bigint) as first_order,
        cast(last_order as bigint) as last_order,
        cast(first_ms as bigint) as first_ms,
        cast(last_ms as bigint) as last_ms,
        cast(steps as bigint) as steps,
        cast(event_date as date) as event_date
    from runs
)

select * from final
