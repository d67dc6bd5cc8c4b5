# SPDX-License-Identifier: Apache-2.0
"""The known figures of the event logs, asked of any engine's tables.

check_expected(connection, expected) compares the tables in the schemas intermediate, silver and gold of a DuckDB
connection with one log's expected.json; check_golden does so for the golden fixture. Both return the list of what
differs, empty when all is right, so that a failing test shows every wrong figure at once. A user of another runtime
makes views of these names over its published Parquet and calls the same functions.
"""

import json
import math
import pathlib

SECONDS_TOLERANCE = 0.0005
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Differences:
    def __init__(self, connection):
        self._connection = connection
        self.found = []

    def rows(self, sql):
        return self._connection.execute(sql).fetchall()

    def row(self, sql):
        return self.rows(sql)[0]

    def value(self, sql):
        return self.row(sql)[0]

    def expect(self, name, actual, wanted):
        if not _equal(actual, wanted):
            self.found.append(f"{name}: {actual!r}, wanted {wanted!r}")


def _equal(actual, wanted):
    if isinstance(wanted, (list, tuple)):
        same_kind = isinstance(actual, (list, tuple)) and len(actual) == len(wanted)
        return same_kind and all(map(_equal, actual, wanted))
    if isinstance(wanted, dict):
        same_keys = isinstance(actual, dict) and actual.keys() == wanted.keys()
        return same_keys and all(_equal(actual[key], wanted[key]) for key in wanted)
    if isinstance(wanted, float) and actual is not None:
        return math.isclose(actual, wanted, rel_tol=1e-9, abs_tol=SECONDS_TOLERANCE)
    return actual == wanted and (actual is None) == (wanted is None)


def load_expected(folder):
    return json.loads((pathlib.Path(folder) / "expected.json").read_text(encoding="utf-8"))


def check_expected(connection, expected):
    """Every figure of a real log's expected.json; returns the differences."""
    tables = Differences(connection)
    known = set(expected) - {"unparsable"}  # a figure of ingest: tests/e2e/test_logs.py
    for name, check in CHECKS.items():
        check(tables, expected[name])
        known.discard(name)
    tables.expect("figures without a check", sorted(known), [])
    _check_listens_equal_next_songs(tables)
    return tables.found


def _count(table):
    def check(tables, wanted):
        tables.expect(table, tables.value(f"select count(*) from {table}"), wanted)

    return check


def _check_status_grouping(tables, wanted):
    counts = tables.rows("select status, event_count from gold.event_status_grouping")
    tables.expect("event_status_grouping", {str(status): count for status, count in counts}, wanted)


def _check_session_seconds(tables, wanted):
    total = tables.value("select sum(session_seconds) from intermediate.int_sessions")
    tables.expect("session_seconds_total", total, float(wanted))


def _check_auth_valid(tables, wanted):
    tables.expect(
        "auth_valid", tables.value("select count(*) from silver.fact_auth_events where not is_echo"), wanted
    )


def _check_auth_success(tables, wanted):
    sql = "select count(*) from silver.fact_auth_events where not is_echo and is_success"
    tables.expect("auth_success", tables.value(sql), wanted)


def _check_end_reasons(tables, wanted):
    counts = tables.rows("select end_reason, count(*) from silver.fact_listen_events group by all")
    tables.expect("end_reasons", dict(counts), wanted)


def _check_daily_listens(tables, wanted):
    rows, listens = tables.row("select count(*), sum(listen_count) from gold.daily_user_listen_counts")
    top = tables.rows("select listen_count from gold.daily_user_listen_counts order by 1 desc limit 10")
    tables.expect("daily_user_listen_counts rows", rows, wanted["rows"])
    tables.expect("daily_user_listen_counts listens", listens, wanted["listens"])
    tables.expect("daily_user_listen_counts top", [count for (count,) in top], wanted["top10_counts"])


def _check_top_songs(tables, wanted):
    top = tables.rows("select artist, song, play_count from gold.top_songs_by_play_count order by rank limit 10")
    lowest = top[-1][2] if top else 0
    tables.expect(
        "top_songs songs", tables.value("select count(*) from gold.top_songs_by_play_count"), wanted["songs"]
    )
    tables.expect("top_songs counts", [count for _, _, count in top], wanted["top10_counts"])
    for song in map(tuple, wanted["above_ties"]):
        tables.expect(f"top_songs holds {song}", song in top, True)
    tables.expect("top_songs tie", lowest, wanted["top10_counts"][-1])


def _check_weekdays(tables, wanted):
    sql = """
        select weekday, [user_days, total_seconds, mean_listening_time]
        from gold.weekday_mean_listening_time order by iso_weekday
    """
    for (weekday, figures), name in zip(tables.rows(sql), WEEKDAYS, strict=True):
        tables.expect("weekday order", weekday, name)
        tables.expect(f"weekday {name}", figures, [float(figure) for figure in wanted[name]])


def _check_free_vs_paid(tables, wanted):
    for level, figures in wanted.items():
        columns = ", ".join(figures)
        sql = f"select {columns} from gold.free_vs_paid_users_comparison where level = '{level}'"
        tables.expect(f"free_vs_paid {level}", list(tables.row(sql)), list(figures.values()))


def _check_users_in_both(tables, wanted):
    values = tables.rows("select users_in_both from gold.free_vs_paid_users_comparison")
    tables.expect("users_in_both", values, [(wanted,), (wanted,)])


def _check_mean_session_time(tables, wanted):
    sql = """
        select count(avg_session_time), sum(session_count), sum(total_session_seconds)
        from gold.mean_session_time
    """
    tables.expect(
        "mean_session_time", list(tables.row(sql)), [wanted["users"], wanted["sessions"], float(wanted["seconds"])]
    )


def _check_conversions(tables, wanted):
    sql = """
        select count(*), sum(free_count), sum(paid_count), count(*) filter (is_converted)
        from gold.conversion_rates
    """
    tables.expect("conversion_rates", list(tables.row(sql)), list(wanted.values()))


def _check_week1(tables, wanted):
    sql = "select count(*), sum(new_user_behavior), sum(plays) from gold.new_user_week1_behavior"
    tables.expect("new_user_week1_behavior", list(tables.row(sql)), list(wanted.values()))


def _check_listens_equal_next_songs(tables):
    sql = """
        select event_date
        from silver.fact_page_view_events where page = 'NextSong' group by event_date
        having count(*) <> (
            select count(*) from silver.fact_listen_events as listens
            where listens.event_date = fact_page_view_events.event_date
        )
    """
    tables.expect("dates on which listens differ from NextSong", tables.rows(sql), [])


CHECKS = {
    "page_views": _count("silver.fact_page_view_events"),
    "listens": _count("silver.fact_listen_events"),
    "sessions": _count("intermediate.int_sessions"),
    "event_status_grouping": _check_status_grouping,
    "session_seconds_total": _check_session_seconds,
    "auth_valid": _check_auth_valid,
    "auth_success": _check_auth_success,
    "status_changes": _count("silver.fact_status_change_events"),
    "end_reasons": _check_end_reasons,
    "daily_user_listen_counts": _check_daily_listens,
    "top_songs_by_play_count": _check_top_songs,
    "weekday_mean_listening_time": _check_weekdays,
    "free_vs_paid": _check_free_vs_paid,
    "users_in_both": _check_users_in_both,
    "mean_session_time": _check_mean_session_time,
    "conversion_rates": _check_conversions,
    "new_user_week1_behavior": _check_week1,
}


def check_golden(connection, expected, is_complete=True):
    """The golden fixture's figures; without its late row if not is_complete. Returns the differences."""
    tables = Differences(connection)
    if is_complete:
        _check_golden_complete(tables, expected)
    else:
        _check_golden_without_late_row(tables, expected["without_late_row"])
    _check_listens_equal_next_songs(tables)
    return tables.found


def _plays_by_title(tables):
    sql = """
        select title, end_reason, listened_seconds
        from silver.fact_listen_events join silver.dim_song using (song_key)
    """
    return {title: [reason, seconds] for title, reason, seconds in tables.rows(sql)}


def _plays_of(tables, user):
    sql = f"""
        select sum(listen_count), sum(countable_streams), sum(listened_seconds), min(cast(event_date as varchar))
        from gold.daily_user_listen_counts where userId = {user}
    """
    return dict(zip(("plays", "countable_streams", "listened_seconds", "date"), tables.row(sql), strict=True))


def _check_golden_without_late_row(tables, wanted):
    user = wanted["user_7"]
    plays = _plays_of(tables, 7)
    tables.expect("user 7 plays", plays["plays"], user["plays"])
    tables.expect("user 7 listened_seconds", plays["listened_seconds"], float(user["listened_seconds"]))
    tables.expect("plays of Song A", _plays_by_title(tables).get("Song A"), user["Song A"])
    sql = "select is_truncated from intermediate.int_sessions where session_id = 101"
    tables.expect("session 101 has a hole", tables.value(sql), True)


def _check_golden_complete(tables, expected):
    received = "select sum(received_count) from gold.lake_quality_daily where topic = 'page_view_events'"
    tables.expect("page_views_delivered", tables.value(received), expected["page_views_delivered"])
    for name in ("page_views", "listens", "status_changes", "event_status_grouping", "auth_valid"):
        CHECKS[name](tables, expected[name])
    tables.expect(
        "auth_rows", tables.value("select count(*) from silver.fact_auth_events"), expected["auth_rows"]
    )
    share = "select avg(cast(is_success as integer)) from silver.fact_auth_events where not is_echo"
    tables.expect("auth_success_share", tables.value(share), float(expected["auth_success_share"]))
    tables.expect("plays", _plays_by_title(tables), expected["plays"])
    for user, wanted in expected["user_plays"].items():
        tables.expect(f"plays of user {user}", _plays_of(tables, user), wanted)
    for name in ("session_seconds", "active_span_seconds"):
        sessions = tables.rows(f"select session_id, {name} from intermediate.int_sessions")
        tables.expect(name, {str(session): seconds for session, seconds in sessions}, expected[name])
    levels = dict(expected["free_vs_paid"])
    _check_users_in_both(tables, levels.pop("users_in_both"))
    _check_free_vs_paid(tables, levels)
    weekdays = tables.rows("select weekday, mean_listening_time from gold.weekday_mean_listening_time")
    tables.expect("weekday means", dict(weekdays), expected["weekday_mean_listening_time"])
    _check_users(tables, "conversion_rates", expected["conversion_rates"])
    _check_users(tables, "new_user_week1_behavior", expected["new_user_week1_behavior"])
    converted = tables.rows("select userId from gold.conversion_rates where is_converted")
    tables.expect("converted users", converted, [(7,)])


def _check_users(tables, table, wanted):
    tables.expect(f"{table} rows", tables.value(f"select count(*) from gold.{table}"), len(wanted))
    for user, figures in wanted.items():
        row = tables.rows(f"select {', '.join(figures)} from gold.{table} where userId = {user}")
        tables.expect(f"{table} of user {user}", [list(values) for values in row], [list(figures.values())])
