with

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where not is_anonymous
),

int_auth as (
    select * from {{ ref('int_auth') }}
),

int_user_levels as (
    select * from {{ ref('int_user_levels') }}
),

users as (
    select
        account_key,
        min(producer) as producer,
        min(resolved_user_id) as user_id,
        min(registration_ms) as registration_ms
    from int_sessions
    group by account_key
),

logins as (
    select
        int_sessions.account_key,
        sum(case when int_auth.level = 'free' then 1 else 0 end) as free_count,
        sum(case when int_auth.level = 'paid' then 1 else 0 end) as paid_count
    from int_auth
    inner join int_sessions
        on int_auth.session_key = int_sessions.session_key
    where
        int_auth.is_success
        and not int_auth.is_echo
    group by int_sessions.account_key
),

{# By account: a user whose registration changes stays one user. #}
account_levels as (
    select
        account_key,
        level,
        first_ms,
        row_number() over (
            partition by account_key
            order by event_date, run_number
        ) as run_order,
        lag(level) over (
            partition by account_key
            order by event_date, run_number
        ) as prev_level
    from int_user_levels
),

levels as (
    select
        account_key,
        min_by(level, run_order) as first_level,
        max_by(level, run_order) as current_level,
        min(
            case when prev_level = 'free' and level = 'paid' then first_ms end
        ) as first_paid_ms,
        sum(case when prev_level = 'free' and level = 'paid' then 1 else 0 end)
            as upgrade_count,
        sum(case when prev_level = 'paid' and level = 'free' then 1 else 0 end)
            as downgrade_count
    from account_levels
    group by account_key
),

joined as (
    select
        users.producer,
        users.user_id,
        users.registration_ms,
        levels.first_level,
        levels.current_level,
        levels.first_paid_ms,
        levels.upgrade_count,
        levels.downgrade_count,
        coalesce(logins.free_count, 0) as free_count,
        coalesce(logins.paid_count, 0) as paid_count
    from users
    left join logins
        on users.account_key = logins.account_key
    left join levels
        on users.account_key = levels.account_key
),

final as (
    select
        cast(user_id as bigint) as userId,
        cast(nullif(producer, '') as {{ dbt.type_string() }}) as producer,
        cast(free_count as bigint) as free_count,
        cast(paid_count as bigint) as paid_count,
        cast(
            paid_count / nullif(cast(free_count + paid_count as double), 0)
            as double
        ) as conversion_rate,
        cast(first_level as {{ dbt.type_string() }}) as first_level,
        cast(current_level as {{ dbt.type_string() }}) as current_level,
        cast(first_paid_ms is not null as boolean) as is_converted,
        cast({{ ms_to_timestamp('first_paid_ms') }} as timestamp)
            as first_paid_at,
        cast(
            case
                when first_paid_ms >= registration_ms
                    then (first_paid_ms - registration_ms) / 86400000.0
            end as double
        ) as days_to_convert,
        cast(coalesce(upgrade_count, 0) as bigint) as upgrade_count,
        cast(coalesce(downgrade_count, 0) as bigint) as downgrade_count
    from joined
)

select * from final
