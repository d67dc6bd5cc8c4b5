{{ keep_by_date() }}

with

auth_events as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'auth_events'
        and event_date in {{ dates_read() }}
),

int_session_steps as (
    select * from {{ ref('int_session_steps') }}
    where event_date in {{ dates_read() }}
),

login_successors as (
    select
        session_key,
        cast(item_in_session as bigint) + 1 as item_in_session,
        count(*) as logins
    from int_session_steps
    where page = 'Login'
    group by session_key, item_in_session
),

auth_event_steps as (
    select
        int_session_steps.session_key,
        {{ location_key('auth_events') }} as location_key,
        auth_events.producer,
        auth_events.session_id,
        auth_events.item_in_session,
        auth_events.ts_ms,
        auth_events.step_order,
        auth_events.user_id,
        auth_events.level,
        auth_events.source_partition,
        auth_events.source_offset,
        auth_events.source_ms,
        auth_events.event_date,
        auth_events.is_success,
        login_successors.session_key is null as is_echo
    from auth_events
    inner join int_session_steps
        on
            auth_events.session_id = int_session_steps.session_id
            and auth_events.step_order = int_session_steps.step_order
            and auth_events.item_in_session
            = int_session_steps.item_in_session
            and auth_events.producer = int_session_steps.producer
    left join login_successors
        on
            int_session_steps.session_key = login_successors.session_key
            and int_session_steps.item_in_session
            = login_successors.item_in_session
),

{#
    A single stream has no auth topic: the step after a Login shows how it went, unless the same events came as four
    topics too.
#}
logins as (
    select * from auth_event_steps

    union all

    select
        int_session_steps.session_key,
        int_session_steps.location_key,
        int_session_steps.producer,
        int_session_steps.session_id,
        int_session_steps.item_in_session,
        int_session_steps.ts_ms,
        int_session_steps.step_order,
        int_session_steps.user_id,
        int_session_steps.level,
        int_session_steps.source_partition,
        int_session_steps.source_offset,
        int_session_steps.source_ms,
        int_session_steps.event_date,
        coalesce(int_session_steps.auth = 'Logged In', false) as is_success,
        false as is_echo
    from int_session_steps
    inner join login_successors
        on
            int_session_steps.session_key = login_successors.session_key
            and int_session_steps.item_in_session
            = login_successors.item_in_session
    left join auth_event_steps
        on
            int_session_steps.session_id = auth_event_steps.session_id
            and int_session_steps.step_order = auth_event_steps.step_order
            and int_session_steps.item_in_session
            = auth_event_steps.item_in_session
            and int_session_steps.producer = auth_event_steps.producer
    where
        int_session_steps.is_single_stream
        and int_session_steps.is_page_view
        and auth_event_steps.session_id is null
),

numbered_logins as (
    select
        *,
        row_number() over (
            partition by session_key
            order by step_order, item_in_session
        ) as attempt_in_session,
        coalesce(
            sum(case when not is_echo and not is_success then 1 else 0 end)
                over (
                    partition by session_key
                    order by step_order, item_in_session
                    rows between unbounded preceding and 1 preceding
                ),
            0
        ) as failed_before
    from logins
),

final as (
    select
        cast({{ md5_key([
            "'auth_events'",
            'producer',
            'session_id',
            'item_in_session',
            'ts_ms',
        ]) }} as {{ dbt.type_string() }}) as event_id,
        cast(session_key as {{ dbt.type_string() }}) as session_key,
        cast(location_key as {{ dbt.type_string() }}) as location_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(level as {{ dbt.type_string() }}) as level,
        cast(session_id as bigint) as session_id,
        cast(item_in_session as integer) as item_in_session,
        cast(ts_ms as bigint) as ts_ms,
        cast(user_id as bigint) as user_id,
        cast(attempt_in_session as integer) as attempt_in_session,
        cast(failed_before as integer) as failed_before_success,
        cast(source_partition as integer) as source_partition,
        cast(source_offset as bigint) as source_offset,
        cast(source_ms as bigint) as source_ms,
        cast(coalesce(is_success, false) as boolean) as is_success,
        cast(is_echo as boolean) as is_echo,
        cast(event_date as date) as event_date
    from numbered_logins
    where event_date in {{ dates_written() }}
)

select * from final
