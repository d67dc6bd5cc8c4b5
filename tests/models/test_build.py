# SPDX-License-Identifier: Apache-2.0
"""bassline build: what it publishes, when it publishes nothing, and that the way to a lake does not matter."""

import json
import shutil

import pytest
from dbt.artifacts.schemas.run import RunResultsArtifact
from expectations import check_golden, load_expected
from lake_tables import open_lake
from logs import log_folder
from lake_files import (
    assert_projection_is_newest,
    assert_same_tables,
    connect,
    newest_snapshot,
    relation_of,
    snapshot_numbers,
)

GOLDEN = log_folder("golden")


def build(bassline, lake, *options):
    return json.loads(bassline("build", "--lake", lake, "--json", *options).stdout)


def load(bassline, lake, *sources):
    for source in sources:
        bassline("ingest", "--lake", lake, "--from", source)
    return lake


def content(lake):
    return {str(path): path.read_bytes() for path in sorted(lake.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def golden(bassline, tmp_path_factory):
    """A lake with the complete golden delivery, built once; tests that change it take a copy."""
    lake = load(bassline, tmp_path_factory.mktemp("golden") / "lake", GOLDEN / "*.ndjson")
    build(bassline, lake)
    return lake


@pytest.fixture
def golden_copy(golden, tmp_path):
    return shutil.copytree(golden, tmp_path / "lake")


def test_the_answer_names_every_model_and_counts_every_test(bassline, tmp_path):
    lake = load(bassline, tmp_path / "lake", GOLDEN / "*.ndjson")
    answer = build(bassline, lake)
    assert answer["published"] is True
    assert answer["full"] is True
    assert answer["tests"]["fail"] == 0
    assert answer["tests"]["pass"] > 100
    rows = {model["name"]: model["rows"] for model in answer["models"]}
    assert rows["fact_listen_events"] == 6
    assert rows["fact_page_view_events"] == 22
    assert {model["status"] for model in answer["models"]} == {"success"}
    assert_projection_is_newest(lake)


def test_a_second_build_writes_nothing(bassline, golden_copy):
    before = content(golden_copy)
    answer = build(bassline, golden_copy)
    assert answer["nothing_new"] is True
    assert answer["models"] == []
    assert content(golden_copy) == before


def test_a_late_row_ends_in_the_same_tables_as_one_load(bassline, golden, tmp_path):
    lake = load(bassline, tmp_path / "lake", GOLDEN / "without_late_row/*.ndjson")
    build(bassline, lake)
    assert check_golden(open_lake(lake), load_expected(GOLDEN), is_complete=False) == []
    load(bassline, lake, GOLDEN / "late_row/*.ndjson")
    answer = build(bassline, lake)
    assert answer["full"] is False
    assert check_golden(open_lake(lake), load_expected(GOLDEN)) == []
    assert_same_tables(lake, golden)
    assert_projection_is_newest(lake)


def test_a_full_refresh_equals_what_was_built_by_parts(bassline, tmp_path):
    lake = load(bassline, tmp_path / "lake", GOLDEN / "without_late_row/*.ndjson")
    build(bassline, lake)
    load(bassline, lake, GOLDEN / "late_row/*.ndjson")
    build(bassline, lake)
    by_parts = shutil.copytree(lake, tmp_path / "by_parts")
    assert build(bassline, lake, "--full-refresh")["full"] is True
    assert_same_tables(lake, by_parts)


@pytest.mark.long
def test_the_november_log_day_by_day_ends_in_the_same_tables_as_one_load(bassline, tmp_path):
    days = sorted(log_folder("sparkify_2018_11").glob("*-events.json"))
    assert len(days) == 20
    daily = tmp_path / "daily"
    for day in days:
        load(bassline, daily, day)
        answer = build(bassline, daily)
        assert answer["full"] is (day == days[0])
    once = load(bassline, tmp_path / "once", log_folder("sparkify_2018_11"))
    build(bassline, once)
    assert_same_tables(daily, once)
    assert_projection_is_newest(daily)


def test_dates_outside_the_scope_keep_their_files(bassline, tmp_path):
    days = sorted(log_folder("sparkify_2018_11").glob("*-events.json"))[:3]
    lake = load(bassline, tmp_path / "lake", *days[:2])
    build(bassline, lake)
    before = {file["event_date"]: file["path"] for file in newest_snapshot(lake)["tables"]["fact_listen_events"]["files"]}
    load(bassline, lake, days[2])
    build(bassline, lake)
    after = {file["event_date"]: file["path"] for file in newest_snapshot(lake)["tables"]["fact_listen_events"]["files"]}
    first = min(before)
    assert after[first] == before[first]
    assert max(after) > max(before)


def test_a_selection_rebuilds_its_tables_and_leaves_the_others(bassline, golden_copy):
    before = newest_snapshot(golden_copy)["tables"]
    answer = build(bassline, golden_copy, "--select", "weekday_mean_listening_time")
    after = newest_snapshot(golden_copy)["tables"]
    built = {model["name"] for model in answer["models"] if model["schema"] == "gold"}
    assert built == {"weekday_mean_listening_time"}
    assert {name for name in after if after[name] != before[name]} == built
    assert build(bassline, golden_copy)["nothing_new"] is True


def test_a_table_and_its_ancestors_can_be_selected_before_the_first_build(bassline, tmp_path):
    lake = load(bassline, tmp_path / "lake", GOLDEN / "*.ndjson")
    answer = build(bassline, lake, "--select", "+top_songs_by_play_count")
    assert answer["published"] is True
    assert answer["tests"]["pass"] > 0
    tables = newest_snapshot(lake)["tables"]
    assert "top_songs_by_play_count" in tables
    assert "weekday_mean_listening_time" not in tables
    assert build(bassline, lake)["published"] is True
    assert "weekday_mean_listening_time" in newest_snapshot(lake)["tables"]


def test_run_results_are_dbts_and_name_every_node_of_the_run(bassline, golden):
    run = golden / "_runs" / newest_snapshot(golden)["run"]
    results = json.loads((run / "run_results.json").read_text())
    manifest = json.loads((run / "manifest.json").read_text())
    assert results["metadata"]["dbt_schema_version"].endswith("/run-results/v6.json")
    assert len(RunResultsArtifact.read_and_check_versions(str(run / "run_results.json")).results) == len(results["results"])
    executed = {result["unique_id"]: result["status"] for result in results["results"]}
    expected = {
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed", "test") and node["config"]["materialized"] != "ephemeral"
    }
    assert set(executed) == expected
    assert set(executed.values()) <= {"success", "pass", "warn"}


def test_an_empty_lake_has_nothing_to_build(bassline, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/nothing.ndjson").touch()
    lake = tmp_path / "lake"
    bassline("ingest", "--lake", lake, "--from", tmp_path / "empty/nothing.ndjson", check=False)
    answer = build(bassline, lake)
    assert answer["nothing_new"] is True
    assert snapshot_numbers(lake) == []


def test_a_path_without_a_lake_is_refused_and_stays_empty(bassline, tmp_path):
    done = bassline("build", "--lake", tmp_path / "nowhere", check=False)
    assert done.returncode == 1
    assert "there is no lake" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def step(day, item, session=5, user="", agent=None):
    """A line of a single stream, at noon of a November day; without an agent it hides its user and device."""
    shown = {"userAgent": agent, "location": "Boston, MA", "firstName": "A", "registration": 1541016707796.0} if agent else {}
    event = {
        "ts": 1541073600000 + (day - 1) * 86400000 + item * 60000,
        "sessionId": session,
        "itemInSession": item,
        "userId": user,
        "page": "Home",
        "auth": "Logged In" if user else "Logged Out",
        "method": "GET",
        "status": 200,
        "level": "free",
        **shown,
    }
    return json.dumps(event) + "\n"


def test_steps_that_hide_their_device_find_it_days_before(bassline, tmp_path):
    parts = [
        step(1, 0, user="1", agent="UA-X") + step(1, 1, user="1", agent="UA-X"),
        step(4, 0, session=54, user="3", agent="UA-Z"),
        step(7, 0, session=57, user="3", agent="UA-Z"),
        step(11, 2, user="2", agent="UA-Y") + step(11, 0) + step(11, 1),
    ]
    for number, part in enumerate(parts):
        (tmp_path / f"{number}.ndjson").write_text(part)
        load(bassline, tmp_path / "parts", tmp_path / f"{number}.ndjson")
        build(bassline, tmp_path / "parts")
    load(bassline, tmp_path / "whole", tmp_path / "*.ndjson")
    build(bassline, tmp_path / "whole")
    assert_same_tables(tmp_path / "parts", tmp_path / "whole")
    sessions = relation_of(connect(), tmp_path / "parts", "int_sessions").filter("session_id = 5")
    assert sorted(sessions.project("item_count").fetchall()) == [(1,), (2,), (2,)]


def test_steps_that_hide_their_device_lose_it_with_the_expired_date_that_showed_it(bassline, tmp_path):
    events = [
        step(1, 0, user="1", agent="UA-X") + step(1, 1, user="1", agent="UA-X"),
        step(4, 0, session=54, user="3", agent="UA-Z"),
        step(7, 0, session=57, user="3", agent="UA-Z"),
        step(11, 0) + step(11, 1) + step(11, 2, user="2", agent="UA-Y"),
        step(13, 0, session=63, user="3", agent="UA-Z"),
    ]
    (tmp_path / "log.ndjson").write_text("".join(events))
    lake = load(bassline, tmp_path / "lake", tmp_path / "log.ndjson")
    build(bassline, lake)

    def session():
        found = relation_of(connect(), lake, "int_sessions").filter("session_id = 5 and event_date = date '2018-11-11'")
        return sorted(found.project("item_count").fetchall())

    assert session() == [(1,), (2,)]  # the hidden steps are of the device that the first day showed
    bassline("compact", "--lake", lake, "--retain", 8, "--grace", "0s")
    full = shutil.copytree(lake, tmp_path / "full")
    assert build(bassline, lake)["full"] is False
    build(bassline, full, "--full-refresh")
    assert_same_tables(lake, full)
    assert session() == [(3,)]
