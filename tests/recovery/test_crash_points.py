# SPDX-License-Identifier: Apache-2.0
"""The power is cut in the middle of a fixed workload of files; what was not synced is dropped or torn.

kill -9 cannot show a missing fsync, since the kernel keeps what it was given. So three ingests run under a recorder of
their file operations (crash_recorder.c), and of the states that a cut after each operation may leave (crash_disk.py) a
sample, or all of them with BASSLINE_CRASH_STATES=100000, is made anew. In each: a commit that was reported stands, no Parquet file under a final name is short or torn, and the next ingest
gives every record exactly once.
"""

import concurrent.futures
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from crash_disk import Disk, leave, read_log
from test_kills import step

STATES = int(os.environ.get("BASSLINE_CRASH_STATES", "240"))
SEED = int(os.environ.get("BASSLINE_SEED", "20250314"))
DAMAGES = ("dropped", "torn", "torn differently")
BATCHES, FILES, STEPS = 3, 1, 4


def compile_shim(name: str, folder: Path) -> Path:
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def recorder(tmp_path_factory) -> Path:
    return compile_shim("crash_recorder", tmp_path_factory.mktemp("recorder"))


def batch(folder: Path, number: int) -> list[Path]:
    """Input files of one commit: two sessions, and a line that will be refused."""
    paths = []
    for session in range(number * FILES, number * FILES + FILES):
        path = folder / f"{session:03}.json"
        lines = [json.dumps(step(session, item, 240 * session + 25 * item)) for item in range(STEPS)]
        path.write_text("\n".join([*lines, '{"ts": broken']) + "\n")
        paths.append(path)
    return paths


def committed(lake: Path) -> int:
    return len(list((lake / "_ingest/files/log").glob("*.json")))


@pytest.fixture(scope="module")
def workload(bassline, recorder, tmp_path_factory):
    """(root, changes, inputs, entries that the user was told of after each change)"""
    folder = tmp_path_factory.mktemp("crash")
    root, log = folder / "disk", folder / "log"
    root.mkdir()
    inputs, reported, changes = [], [], []
    for number in range(BATCHES):
        inputs += batch(folder, number)
        before = committed(root / "lake")
        bassline("ingest", "--lake", root / "lake", "--from", *inputs, "--threads", 1,
                 env={**os.environ, "LD_PRELOAD": str(recorder), "CRASH_ROOT": str(root), "CRASH_LOG": str(log)})
        found = read_log(log)[len(changes):]
        changes += found
        # The run's end tells the user: until its last operation only what stood before is promised.
        reported += [before] * (len(found) - 1) + [committed(root / "lake")]
    return root, changes, inputs, reported


def rows(lake: Path) -> list[tuple]:
    """Every row of bronze and quarantine by where it came from; a file that is short or torn fails the read."""
    found = []
    for layer in ("bronze", "_quarantine"):
        files = [str(path) for path in (lake / layer).rglob("*.parquet")]
        if files:
            found += duckdb.connect().execute(
                f"select '{layer}', split_part(substr(filename, {len(str(lake / layer)) + 2}), '/', 1), source_partition,"
                f" source_offset from read_parquet({files!r}, filename = true, hive_partitioning = false,"
                " union_by_name = true)").fetchall()
    return sorted(found)


def contents(lake: Path) -> list[tuple]:
    """Every row of bronze with all it says but the time of ingest, on which the sizes of files depend."""
    return [row for topic in sorted((lake / "bronze").iterdir()) for row in duckdb.connect().execute(
        f"select * exclude (ingested_at) from read_parquet('{topic}/**/*.parquet', hive_partitioning = false) order by all"
    ).fetchall()]


def check(state, reported: int, root: Path, inputs, expected, program: Path, folder: Path) -> str:
    """What is wrong in the state; nothing if all is well."""
    leave(state, root, folder)
    lake = folder / "lake"
    if committed(lake) < reported:
        return f"{reported} entries were reported, {committed(lake)} survived"
    try:
        present = rows(lake)
    except duckdb.Error as error:
        return f"a reader of the folders fails: {error}"
    if len(set(present)) != len(present):
        return "a record stands twice before the restart"
    for command in (["ingest", "--from", *inputs], ["verify", "--full"]):
        done = subprocess.run([program, command[0], "--lake", lake, *command[1:]], capture_output=True, text=True, check=False,
                              timeout=120)
        if done.returncode != 0:
            return f"{command[0]} exits {done.returncode}: {done.stderr}"
    after = rows(lake)
    return "" if after == expected else f"{len(after)} rows after the restart instead of {len(expected)}"


def states(root: Path, changes) -> list[tuple]:
    """(operation, damage, state), each state once: between two syncs a cut that drops the rest leaves the same."""
    disk, found, seen = Disk(root), [], set()
    for at, change in enumerate(changes):
        disk.apply(change)
        for damage in DAMAGES:
            state = disk.state(None if damage == "dropped" else random.Random(f"{SEED} {at} {damage}"))
            key = hash(tuple(state.items()))
            if key not in seen:
                seen.add(key)
                found.append((at, damage, state))
    return found


def test_a_power_cut_anywhere_loses_no_reported_commit_and_shows_nothing_torn(bassline, workload, tmp_path):
    root, changes, inputs, reported = workload
    expected = rows(root / "lake")
    assert len(expected) > BATCHES * FILES * STEPS
    found = states(root, changes)
    random.Random(SEED).shuffle(found)
    found = found[:STATES]

    def run(number: int) -> str:
        at, damage, state = found[number]
        folder = tmp_path / str(number)
        folder.mkdir()
        wrong = check(state, reported[at], root, inputs, expected, bassline.binary, folder)
        shutil.rmtree(folder)
        change = changes[at]
        return wrong and f"after {at} ({change.op} {change.path or change.file} {change.target}), {damage}: {wrong}"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [text for text in pool.map(run, range(len(found))) if text]
    syncs = sum(change.op == "S" for change in changes)
    print(f"\n{len(changes)} operations, {syncs} syncs, {len(found)} states, {len(wrong)} wrong, seed {SEED}")
    assert not wrong, "\n".join(wrong[:10])
    assert len(found) >= min(STATES, 100) and syncs > 20, "the recorder saw too little"


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
