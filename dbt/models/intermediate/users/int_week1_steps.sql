{{ keep_by_date() }}

with

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where
        event_date in {{ dates_read() }}
        and not is_anonymous
        and ended_ms >= registration_ms - 86400000
        and started_ms < registration_ms + 8 * 86400000
),

int_session_steps as (
    select * from {{ ref('int_session_steps') }}
    where
        event_date in {{ dates_written() }}
        and is_page_view
),

int_plays as (
    select * from {{ ref('int_plays') }}
    where event_date in {{ dates_written() }}
),

steps as (
    select
        int_sessions.session_key,
        int_sessions.account_key,
        int_sessions.registration_ms,
        int_session_steps.session_id,
        int_session_steps.producer,
        int_session_steps.item_in_session,
        int_session_steps.ts_ms,
        int_session_steps.page,
        int_session_steps.event_date
    from int_session_steps
    inner join int_sessions
        on int_session_steps.session_key = int_sessions.session_key
    where
        int_session_steps.ts_ms >= int_sessions.registration_ms - 86400000
        and int_session_steps.ts_ms
        < int_sessions.registration_ms + 8 * 86400000
),

steps_with_play as (
    select
        steps.session_key,
        steps.account_key,
        steps.registration_ms,
        steps.ts_ms,
        steps.event_date,
        int_plays.artist_name,
        int_plays.listened_ms,
        case when int_plays.session_key is not null then 1 else 0 end as plays,
        greatest(
            0,
            cast(
                floor((steps.ts_ms - steps.registration_ms) / 86400000.0)
                as bigint
            )
        ) as day_number
    from steps
    left join int_plays
        on
            steps.session_id = int_plays.session_id
            and steps.item_in_session = int_plays.item_in_session
            and steps.ts_ms = int_plays.ts_ms
            and steps.producer = int_plays.producer
),

final as (
    select
        cast(session_key as {{ dbt.type_string() }}) as session_key,
        cast(account_key as {{ dbt.type_string() }}) as account_key,
        cast(artist_name as {{ dbt.type_string() }}) as artist_name,
        cast(registration_ms as bigint) as registration_ms,
        cast(day_number as bigint) as day_number,
        cast(count(*) as bigint) as events,
        {{ integer_sum('plays') }} as plays,
        {{ integer_sum('coalesce(listened_ms, 0)') }} as listened_ms,
        cast(min(case when plays = 1 then ts_ms end) as bigint)
            as first_play_ms,
        cast(event_date as date) as event_date
    from steps_with_play
    group by
        session_key,
        account_key,
        artist_name,
        registration_ms,
        day_number,
        event_date
)

select * from final
