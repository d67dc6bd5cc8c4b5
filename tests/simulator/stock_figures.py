# SPDX-License-Identifier: Apache-2.0
"""The figures of one simulated run, defined as those of eventsim_stock_figures.json were measured on the original."""

import duckdb

COLUMNS = {
    "ts": "bigint", "sessionId": "bigint", "page": "text", "auth": "text", "status": "integer", "level": "text",
    "itemInSession": "integer", "userId": "bigint", "registration": "bigint", "duration": "float",
}

# Times in whole seconds of the run. A session is complete if its first event was written and lies 3 days before the end.
STEPS = """
create table steps as
select
    (ts - {start}) // 1000 as at_s, sessionId as session, itemInSession as item, page, status, auth, level,
    userId as user_id, registration, floor(duration)::bigint as song_seconds,
    lag((ts - {start}) // 1000) over of_session as before
from read_json('{path}', format = 'newline_delimited', columns = {columns})
window of_session as (partition by sessionId order by itemInSession);

create table sessions as
select
    session, min(at_s) as begins, arg_min(item, item) as first_item, count(*) as events,
    arg_min(auth || '|' || level, item) as start_state, max(user_id) as user_id,
    first_item = 0 and begins <= {seconds} - 3 * 86400 as is_complete
from steps group by session;

-- When the song of the session that was last begun before a step has played.
create table gaps as
select
    at_s - before as seconds, status between 300 and 399 as is_redirect,
    page = 'NextSong' and before < plays_until as is_waited
from (
    select
        *,
        last_value(at_s + song_seconds ignore nulls) over (
            partition by session order by item rows between unbounded preceding and 1 preceding
        ) as plays_until,
    from steps
)
where before is not null;
"""

FIGURES = """
select
    (select count(*) from steps) as page_views,
    (select count(*) from steps where page = 'NextSong') as next_songs,
    (select count(*) from sessions) as sessions,
    (select avg(events) from sessions where is_complete) as events_per_session_mean,
    (select quantile_disc(events, 0.9) from sessions where is_complete) as events_per_session_p90,
    (select avg((level = 'paid')::integer) from steps) as paid_share_of_events,
    (select avg((page = 'NextSong')::integer) from steps) as NextSong_share,
    (select avg((page = 'Home')::integer) from steps) as Home_share,
    (select count(distinct user_id) from steps) as visible_users,
    (
        select avg((level = 'paid')::integer)
        from (select arg_max(level, (at_s, item)) as level from steps where user_id is not null group by user_id)
    ) as paid_share_of_users_at_end,
    (select avg(seconds) from gaps) as gap_mean_s,
    (select avg(seconds) from gaps where is_waited) as waited_mean_s,
    (select avg(is_waited::integer) from gaps) as waited_share,
    (select avg(seconds) from gaps where not is_waited and not is_redirect) as memoryless_gap_mean_s,
    (select count(user_id) / count(distinct user_id) from sessions) as sessions_per_visible_user_mean,
    (select count(distinct user_id) from steps where registration > {start}) as users_registered_after_start,
    (select count(*) from gaps where is_redirect and seconds <> 1) as redirects_not_after_1_s
"""

# Starts a day: free days are weekends, Labor Day (1 September) and Columbus Day (13 October).
WEEKEND_RATIO = """
with days as (
    select begins // 86400 as day, count(*) as starts from sessions where first_item = 0 group by day
),
marked as (
    select *, isodow(date '{date}' + day::integer) >= 6 or day in (0, 42) as is_free from days
)
select avg(starts) filter (is_free) / avg(starts) filter (not is_free) from marked
"""


def count_lines(path) -> int:
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def figures_of(folder, start, days) -> dict:
    """`folder`: the four topics as NDJSON; `start`: a datetime in UTC, the run's."""
    run = {
        "path": folder / "page_view_events.ndjson", "columns": COLUMNS, "date": start.date(),
        "start": int(start.timestamp() * 1000), "seconds": days * 86400,
    }
    database = duckdb.connect()
    database.execute("set threads = 2; set memory_limit = '1GB'")
    database.execute(STEPS.format(**run))
    answer = database.execute(FIGURES.format(**run))
    found = dict(zip((column[0] for column in answer.description), answer.fetchone(), strict=True))
    found["weekend_ratio"] = database.execute(WEEKEND_RATIO.format(**run)).fetchone()[0]
    by_start = database.execute("select start_state, avg(events) from sessions where is_complete group by start_state")
    for state, events in by_start.fetchall():
        found["events_from_" + state.replace("|", "_").replace(" ", "_").lower()] = events
    found["listens"] = count_lines(folder / "listen_events.ndjson")
    found["auth"] = count_lines(folder / "auth_events.ndjson")
    found["status_change"] = count_lines(folder / "status_change_events.ndjson")
    return found
