{{ keep_by_date() }}

with

int_plays as (
    select * from {{ ref('int_plays') }}
    where event_date in {{ dates_written() }}
),

int_sessions as (
    select * from {{ ref('int_sessions') }}
    where event_date in {{ dates_read() }}
),

final as (
    select
        cast(int_plays.song_key as {{ dbt.type_string() }}) as song_key,
        cast(int_sessions.account_key as {{ dbt.type_string() }})
            as account_key,
        cast(int_plays.level as {{ dbt.type_string() }}) as level,
        cast(count(*) as bigint) as plays,
        {{ integer_sum(
            'case when int_plays.is_countable_stream then 1 else 0 end'
        ) }} as countable_streams,
        {{ integer_sum('int_plays.listened_ms') }} as listened_ms,
        cast(int_plays.event_date as date) as event_date
    from int_plays
    inner join int_sessions
        on int_plays.session_key = int_sessions.session_key
    group by
        int_plays.song_key,
        int_sessions.account_key,
        int_plays.level,
        int_plays.event_date
)

select * from final
