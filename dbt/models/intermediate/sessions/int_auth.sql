{{ keep_by_date() }}

with

auth_events as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'auth_events'
        and event_date in {{ dates_read() }}
),

page_views as (
    select * from {{ ref('int_events_deduped') }}
    where
        topic = 'page_view_events'
        and input_format = 'single'
        and event_date in {{ dates_read() }}
),

int_session_steps as (
    select * from {{ ref('int_session_steps') }}
    where event_date in {{ dates_read() }}
),

login_successors as (
    select
        session_key,
        item_in_session + 1 as item_in_session,
        count(*) as logins
    from int_session_steps
    where page = 'Login'
    group by session_key, item_in_session
),

auth_event_steps as (
    select
        auth_events.*,
        int_session_steps.session_key,
        int_session_steps.device_key,
        login_successors.session_key is null as is_echo
    from auth_events
    inner join int_session_steps
        on
            auth_events.session_id = int_session_steps.session_id
            and auth_events.step_order = int_session_steps.step_order
            and auth_events.producer = int_session_steps.producer
    left join login_successors
        on
            int_session_steps.session_key = login_successors.session_key
            and int_session_steps.item_in_session
            = login_successors.item_in_session
),

{# A single stream has no auth topic: the step after a Login shows how it went. #}
steps_after_login as (
    select
        int_session_steps.session_key,
        int_session_steps.device_key,
        int_session_steps.producer,
        int_session_steps.session_id,
        int_session_steps.step_order,
        int_session_steps.auth
    from int_session_steps
    inner join login_successors
        on
            int_session_steps.session_key = login_successors.session_key
            and int_session_steps.item_in_session
            = login_successors.item_in_session
    where int_session_steps.input_format = 'single'
),

logins as (
    select
        session_key,
        device_key,
        producer,
        input_format,
        session_id,
        item_in_session,
        ts_ms,
        step_order,
        user_id,
        level,
        city,
        state_code,
        zip,
        latitude,
        longitude,
        source_partition,
        source_offset,
        source_ms,
        event_date,
        is_success,
        is_echo
    from auth_event_steps

    union all

    select
        steps_after_login.session_key,
        steps_after_login.device_key,
        page_views.producer,
        page_views.input_format,
        page_views.session_id,
        page_views.item_in_session,
        page_views.ts_ms,
        page_views.step_order,
        page_views.user_id,
        page_views.level,
        page_views.city,
        page_views.state_code,
        page_views.zip,
        page_views.latitude,
        page_views.longitude,
        page_views.source_partition,
        page_views.source_offset,
        page_views.source_ms,
        page_views.event_date,
        coalesce(steps_after_login.auth = 'Logged In', false) as is_success,
        false as is_echo
    from page_views
    inner join steps_after_login
        on
            page_views.session_id = steps_after_login.session_id
            and page_views.step_order = steps_after_login.step_order
            and page_views.producer = steps_after_login.producer
),

numbered_logins as (
    select
        *,
        row_number() over (
            partition by session_key
            order by step_order
        ) as attempt_in_session,
        coalesce(
            sum(case when not is_echo and not is_success then 1 else 0 end)
                over (
                    partition by session_key
                    order by step_order
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
        cast(device_key as {{ dbt.type_string() }}) as device_key,
        cast({{ location_key() }} as {{ dbt.type_string() }}) as location_key,
        cast(producer as {{ dbt.type_string() }}) as producer,
        cast(input_format as {{ dbt.type_string() }}) as input_format,
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
