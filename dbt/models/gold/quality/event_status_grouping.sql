with

int_session_statuses as (
    select * from {{ ref('int_session_statuses') }}
),

int_status_days as (
    select * from {{ ref('int_status_days') }}
),

reach as (
    select
        status,
        count(distinct session_key) as sessions,
        count(
            distinct case
                when account_key <> {{ unknown_key() }} then account_key
            end
        ) as users
    from int_session_statuses
    where status is not null
    group by status
),

counts as (
    select
        status,
        sum(event_count) as event_count
    from int_status_days
    where status is not null
    group by status
),

total as (
    select sum(event_count) as event_count
    from counts
),

final as (
    select
        cast(counts.status as smallint) as status,
        cast(counts.event_count as bigint) as event_count,
        cast(
            cast(
                {{ whole_quotient('counts.status', 100) }} as
                {{ dbt.type_string() }}
            ) || 'xx'
            as {{ dbt.type_string() }}
        ) as status_class,
        cast(coalesce(reach.sessions, 0) as bigint) as sessions,
        cast(coalesce(reach.users, 0) as bigint) as users,
        cast(
            counts.event_count / cast(total.event_count as double) as double
        ) as share_of_events
    from counts
    cross join total
    left join reach
        on counts.status = reach.status
)

select * from final
