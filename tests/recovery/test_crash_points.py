# SPDX-License-Identifier: Apache-2.0
"""Power cuts (crash_points.py) and short writes while files are ingested."""

import json
import os
from pathlib import Path

import duckdb
import pytest
from crash_points import Workload, compile_shim, rows
from test_kills import step

STATES = 240
BATCHES, FILES, STEPS = 3, 1, 4


def batch(folder: Path, number: int) -> list[Path]:
    """Input files of one commit: two sessions, and a line that will be refused."""
    paths = []
    for session in range(number * FILES, number * FILES + FILES):
        path = folder / f"{session:03}.json"
        lines = [json.dumps(step(session, item, 240 * session + 25 * item)) for item in range(STEPS)]
        path.write_text("\n".join([*lines, '{"ts": broken']) + "\n")
        paths.append(path)
    return paths


def contents(lake: Path) -> list[tuple]:
    """Every row of bronze with all it says but the time of ingest, on which the sizes of files depend."""
    return [row for topic in sorted((lake / "bronze").iterdir()) for row in duckdb.connect().execute(
        f"select * exclude (ingested_at) from read_parquet('{topic}/**/*.parquet', hive_partitioning = false) order by all"
    ).fetchall()]


@pytest.mark.long
def test_a_power_cut_anywhere_loses_no_reported_commit_and_shows_nothing_torn(bassline, tmp_path):
    inputs = []
    workload = Workload(bassline, tmp_path)
    for number in range(BATCHES):
        inputs += batch(tmp_path, number)
        workload.run("ingest", "--from", *inputs, "--threads", 1)
    workload.restart = [("ingest", "--from", *inputs), ("verify", "--full")]
    assert len(rows(workload.lake)) > BATCHES * FILES * STEPS
    workload.expect_every_state_recovers(STATES)


def test_short_writes_are_gone_on_with(bassline, tmp_path):
    inputs = [path for number in range(BATCHES) for path in batch(tmp_path, number)]
    calm, short = tmp_path / "calm", tmp_path / "short"
    bassline("ingest", "--lake", calm, "--from", *inputs)
    shim = compile_shim("short_writes", tmp_path)
    bassline("ingest", "--lake", short, "--from", *inputs,
             env={**os.environ, "LD_PRELOAD": str(shim), "CRASH_ROOT": str(short)})
    bassline("verify", "--lake", short, "--full")
    assert rows(short) == rows(calm)
    assert contents(short) == contents(calm) != []
