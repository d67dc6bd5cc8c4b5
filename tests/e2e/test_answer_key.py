# SPDX-License-Identifier: Apache-2.0
"""A simulated month with faults, through ingest and build: bronze, quarantine, silver and gold equal the answer key."""

import collections
import json
import re
from datetime import UTC, datetime

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


def minus(counts, others):
    """By topic and date, without what is none."""
    differences = {}
    for topic, days in counts.items():
        left = {day: count - others.get(topic, {}).get(day, 0) for day, count in days.items()}
        differences[topic] = {day: count for day, count in left.items() if count}
    return differences


def test_facts_hold_each_record_once(built, pipeline):
    connection, _ = built
    _, key = pipeline(FAULTS, build=True)
    copies = key["faults"]["duplicate"]
    found = connection.execute(
        "select topic, cast(event_date as varchar), duplicate_count from gold.lake_quality_daily where duplicate_count > 0"
    ).fetchall()
    assert by_topic(found) == copies
    facts = []
    for topic in ("listen_events", "page_view_events", "status_change_events"):
        facts += connection.execute(
            f"select '{topic}', cast(event_date as varchar), count(*) from silver.fact_{topic} group by event_date"
        ).fetchall()
    expected = minus(key["bronze"], copies)
    assert by_topic(facts) == {topic: days for topic, days in expected.items() if topic != "auth_events"}


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


def records(folder):
    """Topic -> lines, in the order in which they were written."""
    return {path.stem: path.read_text("utf-8", "surrogateescape").split("\n")[:-1] for path in folder.iterdir()}


def by_day(lines):
    days = collections.Counter()
    for line in lines:
        days[datetime.fromtimestamp(json.loads(line)["ts"] / 1000, UTC).strftime("%Y-%m-%d")] += 1
    return dict(days)


def behind(lines):
    """Those with a later one before them."""
    found, newest = [], 0
    for line in lines:
        ts = json.loads(line)["ts"]
        if ts < newest:
            found.append(line)
        newest = max(newest, ts)
    return found


@pytest.fixture(scope="module")
def with_fault(bassline, tmp_path_factory):
    """with_fault(fault) -> records and answer key of the same few days, with that fault alone or none."""

    def run(fault=None):
        folder = tmp_path_factory.mktemp("fault")
        faults = ("--faults", f"{fault}=0.1", "--answer-key", folder / "key.json") if fault else ()
        bassline("simulate", "--out", folder / "logs", "--users", 300, "--seed", 5, "--from", "2025-09-01", "--to", "2025-09-04",
                 *faults)
        return records(folder / "logs"), json.loads((folder / "key.json").read_text()) if fault else None

    return run


@pytest.fixture(scope="module")
def undisturbed(with_fault):
    return with_fault()[0]


def difference(some, others):
    return list((collections.Counter(some) - collections.Counter(others)).elements())


@pytest.mark.parametrize("fault", ["late", "out_of_order"])
def test_what_is_moved_is_only_moved_and_counted(with_fault, undisturbed, fault):
    found, key = with_fault(fault)
    for topic, lines in found.items():
        assert sorted(lines) == sorted(undisturbed[topic])
        moved, told = by_day(behind(lines)), key["faults"][fault].get(topic, {})
        assert all(count <= told[day] for day, count in moved.items())
        # With nothing between its time and its new place a record is where it was.
        assert topic != "page_view_events" or sum(moved.values()) > 0.9 * sum(told.values())


def test_copies_are_the_same_bytes_and_counted(with_fault, undisturbed):
    found, key = with_fault("duplicate")
    for topic, lines in found.items():
        assert set(lines) == set(undisturbed[topic])
        assert by_day(difference(lines, undisturbed[topic])) == key["faults"]["duplicate"].get(topic, {})


def test_records_of_a_clock_that_is_off_differ_in_ts_alone_and_are_counted(with_fault, undisturbed):
    found, key = with_fault("skew")

    def without_ts(lines):
        return sorted(re.sub(r'"ts":\d+', "", line) for line in lines)

    for topic, lines in found.items():
        assert without_ts(lines) == without_ts(undisturbed[topic])
        assert by_day(difference(lines, undisturbed[topic])) == key["faults"]["skew"].get(topic, {})


def test_damaged_records_stand_in_for_whole_ones_and_are_counted_by_kind(with_fault, undisturbed):
    found, key = with_fault("malformed")
    told = key["faults"]["malformed"]
    for topic, lines in undisturbed.items():
        assert by_day(difference(lines, found[topic])) == told.get(topic, {})
    assert sum(key["malformed"].values()) == sum(sum(days.values()) for days in told.values()) > 300
    refused = sum(sum(reasons.values()) for reasons in key["quarantine"].values())
    assert 0 < refused < sum(key["malformed"].values())
