# SPDX-License-Identifier: Apache-2.0
"""Charts over the whole range equal the gold tables of a lake made from a real log, exactly."""

import json
import subprocess
import urllib.request

import pyarrow.parquet as pq
import pytest
from conftest import PROGRAM, ROOT, start, stop

LOGS = ROOT / "tests/data/eventsim"
EXPECTED = json.loads((LOGS / "expected.json").read_text())


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    lake = tmp_path_factory.mktemp("real") / "lake"
    for command in (["ingest", "--lake", lake, "--from", LOGS], ["build", "--lake", lake]):
        done = subprocess.run([PROGRAM, *command], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    running = start(lake)
    yield running
    stop(running)


def rows(real, chart, query=""):
    with urllib.request.urlopen(f"{real.address}/api/v1/charts/{chart}{query}") as response:
        answer = json.load(response)
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row)) for row in answer["rows"]]


def gold(real, table):
    return pq.read_table(real.lake / f"gold/{table}/{table}.parquet").to_pylist()


def test_daily_listens(real):
    by_date = {}
    for row in gold(real, "daily_user_listen_counts"):
        day = by_date.setdefault(row["event_date"].isoformat(), [0, 0, 0, 0])
        for at, name in enumerate(("listen_count", "free_listens", "paid_listens")):
            day[at] += row[name]
        day[3] += 1
    chart = {row["event_date"]: row for row in rows(real, "daily_user_listen_counts") if row["listen_count"]}
    assert chart.keys() == by_date.keys()
    for date, expected in by_date.items():
        row = chart[date]
        assert [row["listen_count"], row["free_listens"], row["paid_listens"], row["listeners"]] == expected
    assert sum(row["listen_count"] for row in chart.values()) == EXPECTED["daily_user_listen_counts"]["listens"]


def test_top_songs(real):
    expected = sorted(gold(real, "top_songs_by_play_count"), key=lambda row: row["rank"])[:20]
    chart = rows(real, "top_songs")
    for name in ("rank", "song", "artist", "play_count", "countable_streams", "listened_seconds"):
        assert [row[name] for row in chart] == [row[name] for row in expected], name
    assert [row["play_count"] for row in chart][:10] == EXPECTED["top_songs_by_play_count"]["top10_counts"]


def test_weekday_listening(real):
    expected = sorted(gold(real, "weekday_mean_listening_time"), key=lambda row: row["iso_weekday"])
    chart = rows(real, "weekday_listening")
    for name in ("weekday", "mean_listening_time", "user_days", "total_seconds", "median_listening_time"):
        assert [row[name] for row in chart] == [row[name] for row in expected], name


def test_free_against_paid(real):
    expected = {row["level"]: row for row in gold(real, "free_vs_paid_users_comparison")}
    for row in rows(real, "free_vs_paid"):
        for name in ("listener_count", "plays", "countable_streams", "listened_hours", "sessions"):
            assert row[name] == expected[row["level"]][name], (row["level"], name)


def test_status_codes(real):
    expected = {row["status"]: row for row in gold(real, "event_status_grouping")}
    chart = {row["status"]: row for row in rows(real, "status_codes")}
    assert chart.keys() == expected.keys()
    for status, row in chart.items():
        assert row["event_count"] == expected[status]["event_count"]
        assert row["share_of_events"] == expected[status]["share_of_events"]


def test_active_users(real):
    expected = [row for row in gold(real, "active_users_daily") if row["level"] == "all"]
    chart = rows(real, "daily_active_users")
    assert len(chart) == len(expected)
    for row in expected:
        shown = next(one for one in chart if one["event_date"] == row["event_date"].isoformat())
        assert (shown["dau"], shown["wau"], shown["mau"]) == (row["dau"], row["wau"], row["mau"])


def test_session_lengths(real):
    expected = {}
    for row in gold(real, "session_lengths_daily"):
        expected[row["length_label"]] = expected.get(row["length_label"], 0) + row["session_count"]
    assert {row["bucket"]: row["session_count"] for row in rows(real, "session_lengths")} == expected
    assert sum(expected.values()) == EXPECTED["sessions"]


def test_two_halves_of_the_range_make_the_whole(real):
    days = [row["event_date"] for row in rows(real, "daily_user_listen_counts")]
    middle = len(days) // 2
    for chart, name in (("status_codes", "event_count"), ("free_vs_paid", "plays"), ("session_lengths", "session_count"),
                        ("weekday_listening", "user_days")):
        halves = rows(real, chart, f"?to={days[middle - 1]}") + rows(real, chart, f"?from={days[middle]}")
        assert sum(row[name] for row in halves) == sum(row[name] for row in rows(real, chart))
