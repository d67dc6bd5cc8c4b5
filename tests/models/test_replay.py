# SPDX-License-Identifier: Apache-2.0
"""A record that comes out of quarantine is seen by every reader in exactly one place, and by the next build."""

import json
import time

import pytest
from conftest import ROOT

LINE = (ROOT / "tests/data/golden/page_view_events.ndjson").read_text().splitlines()[0]
DAY_MS = 24 * 3600 * 1000


def run(bassline, command, lake, *options):
    return json.loads(bassline(command, "--lake", lake, "--json", *options).stdout)


def count(bassline, lake, relation):
    sql = f"select count(*) as n from {relation}"
    return json.loads(bassline("query", "--lake", lake, sql, "--format", "json").stdout)[0]["n"]


@pytest.fixture
def lake(bassline, tmp_path):
    """The golden log, and a record of the day after tomorrow, which is refused today; built."""
    early = json.loads(LINE) | {"ts": int(time.time() * 1000) + 2 * DAY_MS - 3600 * 1000}
    (tmp_path / "early.json").write_text(json.dumps(early) + "\nno JSON\n")
    bassline("ingest", "--lake", tmp_path / "lake", "--from", ROOT / "tests/data/golden", tmp_path / "early.json")
    bassline("build", "--lake", tmp_path / "lake")
    return tmp_path / "lake"


def test_readers_and_builds_see_a_replayed_record_once(bassline, lake):
    rows, facts = (count(bassline, lake, of) for of in ("bronze.page_view_events", "silver.fact_page_view_events"))
    assert count(bassline, lake, "quarantine") == 2
    rehearsal = run(bassline, "replay", lake, "--dry-run", "--ahead-max", "48h")
    assert (rehearsal["replayed"], rehearsal["refused"]) == (1, {"bad_json": 1})
    assert run(bassline, "replay", lake)["entries"] == 0

    done = run(bassline, "replay", lake, "--ahead-max", "48h")
    assert (done["written"], done["refused"]) == ({"page_view_events": 1}, {"bad_json": 1})
    assert (done["files_replaced"], done["files_written"]) == (1, 2)
    assert count(bassline, lake, "bronze.page_view_events") == rows + 1
    assert count(bassline, lake, "quarantine") == 1
    assert count(bassline, lake, "silver.fact_page_view_events") == facts

    alone = bassline("build", "--lake", lake, "--select", "fact_page_view_events", check=False)
    assert alone.returncode == 2 and "build everything first" in alone.stderr
    run(bassline, "build", lake)
    run(bassline, "build", lake, "--select", "fact_page_view_events")
    assert count(bassline, lake, "silver.fact_page_view_events") == facts + 1
    assert run(bassline, "verify", lake, "--full")["ok"]
    assert "nothing" in bassline("build", "--lake", lake).stdout + bassline("build", "--lake", lake).stderr

    run(bassline, "compact", lake, "--grace", "0s")
    assert run(bassline, "replay", lake, "--ahead-max", "48h")["entries"] == 0
    assert count(bassline, lake, "bronze.page_view_events") == rows + 1
    assert run(bassline, "verify", lake, "--full")["ok"]
    status = run(bassline, "status", lake)
    assert status["topics"]["page_view_events"]["rows"] == rows + 1
    assert status["quarantine"]["by_reason"] == {"bad_json": 1}
    assert status["snapshot"]["behind_seconds"] == 0
