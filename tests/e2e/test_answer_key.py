# SPDX-License-Identifier: Apache-2.0
"""A simulated month with faults, through ingest and build: bronze, quarantine and gold equal the answer key."""

import collections
import json

import duckdb
import pytest
from lake_tables import open_lake

MONTH = ("--users", 250, "--seed", 11, "--growth-rate", 2, "--from", "2025-08-25", "--to", "2025-09-24")
FAULTS = "late=0.02,duplicate=0.02,out_of_order=0.02,skew=0.05,bots=0.02"


@pytest.fixture(scope="module")
def pipeline(bassline, tmp_path_factory):
    """pipeline(faults) -> lake and answer key, made once for each."""
    made = {}

    def run(faults, build):
        if faults not in made:
            folder = tmp_path_factory.mktemp("answer_key")
            lake, logs, key = folder / "lake", folder / "logs", folder / "key.json"
            bassline("simulate", "--out", logs, *MONTH, "--faults", faults, "--answer-key", key)
            bassline("ingest", "--lake", lake, "--from", logs)
            if build:
                bassline("build", "--lake", lake)
            made[faults] = lake, json.loads(key.read_text())
        return made[faults]

    return run


def by_topic(rows):
    topics = collections.defaultdict(dict)
    for topic, key, count in rows:
        topics[topic][key] = count
    return topics


def bronze_counts(lake):
    rows = []
    for folder in sorted((lake / "bronze").iterdir()):
        days = duckdb.sql(
            f"select strftime(make_timestamp(ts * 1000), '%Y-%m-%d') as day, count(*) "
            f"from read_parquet('{folder}/**/*.parquet', hive_partitioning = false) group by day"
        ).fetchall()
        rows += [(folder.name, day, count) for day, count in days]
    return by_topic(rows)


def quarantine_counts(lake):
    if not list((lake / "_quarantine").rglob("*.parquet")):
        return {}
    return by_topic(duckdb.sql(
        f"select topic, reason, count(*) from read_parquet('{lake}/_quarantine/**/*.parquet', hive_partitioning = false) "
        "group by all"
    ).fetchall())


@pytest.mark.parametrize("faults", [FAULTS, FAULTS + ",malformed=0.02"])
def test_every_record_is_where_the_key_says(pipeline, faults):
    lake, key = pipeline(faults, build=False)
    assert bronze_counts(lake) == key["bronze"]
    assert quarantine_counts(lake) == key["quarantine"]
    assert key["quarantine"] if "malformed" in faults else not key["quarantine"]
    assert set(key["faults"]) == {part.split("=")[0] for part in faults.split(",")}
    assert ("gold" in key) != ("malformed" in faults)


def test_gold_accounts_for_malformed_records(pipeline, bassline):
    lake, key = pipeline(FAULTS + ",malformed=0.02", build=False)
    bassline("build", "--lake", lake)
    gold = open_lake(lake)
    received = gold.execute(
        "select topic, cast(event_date as varchar), received_count from gold.lake_quality_daily where received_count > 0"
    ).fetchall()
    assert by_topic(received) == key["bronze"]
    refused = dict(gold.execute("select topic, sum(quarantined_count) from gold.lake_quality_daily group by topic").fetchall())
    assert {topic: sum(reasons.values()) for topic, reasons in key["quarantine"].items()} == {
        topic: count for topic, count in refused.items() if count
    }


@pytest.fixture(scope="module")
def built(pipeline, bassline):
    lake, key = pipeline(FAULTS, build=True)
    if not (lake / "_snapshots").exists():
        bassline("build", "--lake", lake)
    return open_lake(lake), key["gold"]


def test_plays_of_users_and_days(built):
    connection, gold = built
    found = connection.execute(
        "select userId, cast(event_date as varchar), listen_count, cast(round(listened_seconds * 1000) as bigint) "
        "from gold.daily_user_listen_counts order by 1, 2"
    ).fetchall()
    assert len(found) > 1000
    assert [list(row) for row in found] == gold["plays_by_user_and_day"]


def test_plays_of_songs(built):
    connection, gold = built
    found = connection.execute(
        "select artist, song, play_count from gold.top_songs_by_play_count where play_count > 0"
    ).fetchall()
    expected = [(artist, title, plays) for artist, title, _, plays in gold["plays_by_song"]]
    assert len(found) > 1000
    assert sorted(found) == sorted(expected)


def test_weekdays(built):
    connection, gold = built
    found = connection.execute(
        "select iso_weekday, user_days, cast(round(total_seconds * 1000) as bigint) "
        "from gold.weekday_mean_listening_time order by 1"
    ).fetchall()
    expected = [(int(day), total["user_days"], total["heard_ms"]) for day, total in sorted(gold["weekdays"].items())]
    assert len(found) == 7
    assert found == expected


def test_levels_and_sessions(built):
    connection, gold = built
    found = connection.execute(
        "select level, plays, sessions, mean_session_seconds from gold.free_vs_paid_users_comparison order by 1"
    ).fetchall()
    assert [level for level, *_ in found] == ["free", "paid"]
    for level, plays, sessions, mean_seconds in found:
        expected = gold["levels"][level]
        assert (plays, sessions) == (expected["plays"], expected["sessions"])
        assert mean_seconds == pytest.approx(expected["session_ms"] / 1000 / expected["measured_sessions"], rel=1e-12)


def test_conversions(built):
    connection, gold = built
    found = connection.execute(
        "select userId, free_count, paid_count from gold.conversion_rates where free_count + paid_count > 0 order by 1"
    ).fetchall()
    assert len(found) > 20
    assert [list(row) for row in found] == gold["logins_by_user"]
