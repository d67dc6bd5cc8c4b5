# SPDX-License-Identifier: Apache-2.0
"""`run` without input: a simulated service that is back-filled, goes live, is stopped or killed, and goes on."""

import json
import re
import signal
import subprocess
import time
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

SERVICE = ["--users", "60", "--days", "3", "--speed", "3600"]


class LivingRun:
    """`bassline run` as a process of its own on a free port."""

    def __init__(self, binary, lake: Path, *options):
        self.log = (lake.parent / "run.log").open("ab")
        self.process = subprocess.Popen(
            [binary, "run", "--lake", lake, "--port", "0", *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
        )
        for line in self.process.stdout:
            found = re.match(r"Dashboard: (\S+)", line)
            if found:
                self.address = found.group(1)
                return
        raise AssertionError(f"the run ended: {(lake.parent / 'run.log').read_text()}")

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.load(answer)

    def wait_until(self, condition, what):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            state = self.get("api/v1/pipeline")
            if condition(state):
                return state
            assert self.process.poll() is None, "the run ended"
            time.sleep(0.2)
        raise AssertionError(f"{what} did not come: {state}")

    def end(self, how):
        self.process.send_signal(how)
        self.process.stdout.read()
        return self.process.wait(timeout=60)


@pytest.fixture
def living(bassline, tmp_path):
    runs = []

    def start(*options):
        runs.append(LivingRun(bassline.binary, tmp_path / "lake", *options))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        run.log.close()


def events(lake: Path):
    """How many page views and how many different ones are in bronze."""
    return duckdb.sql(
        "select count(*), count(distinct (sessionId, itemInSession)) "
        f"from read_parquet('{lake}/bronze/page_view_events/**/*.parquet', hive_partitioning = false)"
    ).fetchone()


def holes(lake: Path) -> int:
    """How many sessions lack a page view between their first and their last."""
    return duckdb.sql(
        "select count(*) from (select max(itemInSession) + 1 - count(*) as missing "
        f"from read_parquet('{lake}/bronze/page_view_events/**/*.parquet', hive_partitioning = false) "
        "group by sessionId having min(itemInSession) = 0) where missing > 0"
    ).fetchone()[0]


def test_a_run_without_input_is_a_service_with_history(bassline, tmp_path):
    done = bassline("run", "--lake", tmp_path / "lake", "--once", "--users", "60", "--days", "3", "--json")
    summary = json.loads(done.stdout)
    assert summary["rows"]["bronze"]["page_view_events"] > 100
    assert summary["quarantined"] == 0
    assert summary["snapshot"] == 1


def test_events_reach_the_charts_and_a_stopped_run_goes_on(living, bassline, tmp_path):
    lake = tmp_path / "lake"
    run = living(*SERVICE)
    state = run.wait_until(lambda state: state["charts"]["latency_samples"] > 0, "a live event on a chart")
    assert state["source"]["speed"] > 0
    status = run.get("api/v1/status")
    assert status["pipeline"] is True and status["simulated"] is True
    assert run.end(signal.SIGINT) == 130
    assert json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)["ok"]
    rows, different = events(lake)
    assert rows == different

    run = living()
    run.wait_until(lambda state: state["ingest"]["rows"] > 0, "a further event")
    assert run.end(signal.SIGINT) == 130
    more, different = events(lake)
    assert more == different > rows


def test_a_service_whose_history_has_no_event_goes_on_until_it_has_some(living, bassline, tmp_path):
    lake = tmp_path / "lake"
    lonely = ["--users", "1", "--days", "1", "--seed", "3"]  # who comes after 109 hours
    empty = bassline("run", "--lake", lake, *lonely, "--once", check=False)
    assert empty.returncode == 1
    assert "no event in the history yet" in empty.stderr
    run = living(*lonely, "--speed", "86400")
    run.wait_until(lambda state: state["charts"]["snapshot"] > 0, "the first chart")
    assert run.end(signal.SIGINT) == 130
    rows, different = events(lake)
    assert rows == different > 0


@pytest.mark.long
def test_a_service_that_runs_for_weeks_expires_merges_and_stays_small(living, bassline, tmp_path):
    lake = tmp_path / "lake"
    run = living("--users", "60", "--days", "3", "--retain", "5", "--speed", "43200")  # half a day a second
    first = run.wait_until(lambda state: state["charts"]["snapshot"] > 0, "the first chart")["source"]["simulated_now"]
    state = run.wait_until(lambda state: state["build"]["compactions"] >= 2, "the second compaction")
    passed = datetime.fromisoformat(state["source"]["simulated_now"]) - datetime.fromisoformat(first)
    assert passed > timedelta(days=15)
    assert run.end(signal.SIGINT) == 130
    bassline("build", "--lake", lake)  # of what the last compaction left

    entries = [json.loads(path.read_text()) for path in sorted((lake / "_ingest/compact/log").glob("*.json"))]
    assert any(entry["outputs"] for entry in entries), "small files became one"
    expired_to = max(entry.get("retained_from", "") for entry in entries)
    rows = bassline("query", "--lake", lake, "--format", "json",
                    "select cast(min(event_at) as varchar) as oldest from bronze.page_view_events").stdout
    assert json.loads(rows)[0]["oldest"] >= expired_to > first[:10]
    facts = {path.name.removeprefix("event_date=") for path in (lake / "silver/fact_page_view_events").iterdir()}
    assert min(facts) >= expired_to, "what has expired has left the tables too"
    assert len(list((lake / "_simulator/segments").iterdir())) <= 2
    assert json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)["ok"]


@pytest.mark.long
def test_more_events_than_builds_keep_up_with_make_charts_older_and_lose_nothing(living, bassline, tmp_path):
    lake = tmp_path / "lake"
    run = living("--users", "3000", "--days", "1", "--rate", "40000")
    run.wait_until(lambda state: (state["charts"]["age_seconds"] or 0) > 5, "an age that no build can hide")
    looks = []
    while len(looks) < 40:
        looks.append(run.get("api/v1/pipeline"))
        time.sleep(0.25)
    assert sum(look["build"]["building"] for look in looks) > 0.8 * len(looks), "builds run back to back"
    shown = [(look["charts"]["snapshot"], look["charts"]["age_seconds"], at * 0.25) for at, look in enumerate(looks)]
    first = [look for look in shown if look[0] == shown[0][0]]
    assert first[-1][1] - first[0][1] > 0.8 * (first[-1][2] - first[0][2]), "until the next chart the age grows by the clock"
    assert run.end(signal.SIGINT) == 130
    assert json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)["ok"]
    rows, different = events(lake)
    assert rows == different > 100_000
    assert holes(lake) == 0


def test_a_killed_run_loses_and_doubles_nothing(living, bassline, tmp_path):
    lake = tmp_path / "lake"
    for _ in range(3):
        run = living(*SERVICE)
        run.wait_until(lambda state: state["ingest"]["rows"] > 0, "a live event")
        run.end(signal.SIGKILL)
    run = living(*SERVICE)
    run.wait_until(lambda state: state["ingest"]["rows"] > 0, "a live event")
    assert run.end(signal.SIGINT) == 130
    assert json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)["ok"]
    rows, different = events(lake)
    assert rows == different
    assert holes(lake) == 0


def test_a_lake_made_with_other_settings_is_refused(bassline, tmp_path):
    lake = tmp_path / "lake"
    bassline("run", "--lake", lake, "--once", "--users", "20", "--days", "1", "--json")
    other = bassline("run", "--lake", lake, "--once", "--users", "30", check=False)
    assert other.returncode == 2
    assert "--users 30 instead of 20" in other.stderr
    logs = tmp_path / "a.ndjson"
    logs.write_text('{"ts":1741132800000,"sessionId":1}\n')
    mixed = bassline("run", "--lake", lake, "--from", logs, "--once", check=False)
    assert mixed.returncode == 2
    assert "simulated service of 20 users" in mixed.stderr
    for source in (["--from", logs], ["--kafka", "localhost:1"]):
        ingested = bassline("ingest", "--lake", lake, *source, check=False)
        assert ingested.returncode == 2
        assert "take another --lake" in ingested.stderr


def test_a_lake_of_logs_is_not_mixed_with_a_simulated_service(bassline, tmp_path):
    lake = tmp_path / "lake"
    logs = tmp_path / "a.ndjson"
    logs.write_text('{"ts":1741132800000,"sessionId":1}\n')
    bassline("ingest", "--lake", lake, "--from", logs)
    mixed = bassline("run", "--lake", lake, "--once", check=False)
    assert mixed.returncode == 2
    assert "holds ingested logs" in mixed.stderr
    assert not (lake / "_simulator/settings.json").exists()


def test_a_mistyped_configuration_leaves_nothing_behind(bassline, tmp_path):
    lake = tmp_path / "lake"
    assert bassline("run", "--lake", lake, "--simulation", "stok", "--once", check=False).returncode == 2
    assert not (lake / "_simulator/settings.json").exists()
    bassline("run", "--lake", lake, "--users", "20", "--days", "10", "--retain", "40", "--once", "--json")
    assert json.loads((lake / "_simulator/settings.json").read_text())["retain_days"] == 40
    bassline("run", "--lake", lake, "--retain", "30", "--once", "--json")
    bassline("run", "--lake", lake, "--once", "--json")
    assert json.loads((lake / "_simulator/settings.json").read_text())["retain_days"] == 30
