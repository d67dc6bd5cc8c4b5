# SPDX-License-Identifier: Apache-2.0
"""The power is cut in the middle of a fixed workload; what was not synced is dropped or torn.

kill -9 cannot show a missing fsync, since the kernel keeps what it was given. So runs of the program go under a recorder of
their file operations (crash_recorder.c), and of the states that a cut after each operation may leave (crash_disk.py) a
sample, or all of them with BASSLINE_CRASH_STATES=100000, is made anew. In each: a commit that was reported stands, no
Parquet file under a final name is short or torn, an hour that is marked complete is, and after a restart every record is in
the lake exactly once and every complete hour is marked.
"""

import concurrent.futures
import os
import random
import shutil
import subprocess
import threading
from pathlib import Path

import duckdb
from crash_disk import Disk, leave, read_log

SEED = int(os.environ.get("BASSLINE_SEED", "20250314"))
DAMAGES = ("dropped", "torn", "torn differently")
of_thread = threading.local()


def compile_shim(name: str, folder: Path) -> Path:
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    return library


def connection():
    """This thread's own, since opening one costs as much as reading a lake; it remembers nothing of files."""
    if not hasattr(of_thread, "connection"):
        of_thread.connection = duckdb.connect(config={"threads": 1})
        of_thread.connection.execute("set enable_external_file_cache = false")
    return of_thread.connection


def rows(lake: Path) -> list[tuple]:
    """Every row by layer, folder and where it came from; a file that is short or torn fails the read."""
    found = []
    for layer in ("bronze", "_quarantine"):
        files = [str(path) for path in (lake / layer).rglob("*.parquet")]
        if files:
            found += connection().execute(
                f"select '{layer}', parse_dirpath(substr(filename, {len(str(lake / layer)) + 2})), source_partition,"
                f" source_offset from read_parquet({files!r}, filename = true, hive_partitioning = false,"
                " union_by_name = true)").fetchall()
    return sorted(found)


def committed(lake: Path) -> set[Path]:
    return {entry.relative_to(lake) for entry in lake.glob("_ingest/*/log/*.json")}


def marked(lake: Path) -> set[str]:
    """Hours that are marked complete, by their folder."""
    return {str(mark.parent.relative_to(lake / "bronze")) for mark in (lake / "bronze").rglob("_SUCCESS")}


class Workload:
    """Runs of the program on a disk of their own; `restart` are the commands after a cut, the lake's path left out."""

    def __init__(self, bassline, folder: Path, restart=()):
        self.bassline, self.folder, self.restart = bassline, folder, restart
        self.disk, self.log = folder / "disk", folder / "log"
        self.disk.mkdir()
        self.lake = self.disk / "lake"
        recorder = compile_shim("crash_recorder", folder)
        self.environment = {**os.environ, "LD_PRELOAD": str(recorder), "CRASH_ROOT": str(self.disk), "CRASH_LOG": str(self.log)}
        self.changes, self.reported = [], []  # and the entries that the user had been told of after each

    def run(self, command: str, *options) -> None:
        before = committed(self.lake)
        self.bassline(command, "--lake", self.lake, *options, env=self.environment)
        found = read_log(self.log)[len(self.changes):]
        self.changes += found
        # The run's end tells the user: until its last operation only what stood before is promised.
        self.reported += [before] * (len(found) - 1) + [committed(self.lake)]

    def states(self) -> list[tuple]:
        """(operation, damage, state), each state once: between two syncs a cut that drops the rest leaves the same."""
        disk, found, seen = Disk(self.disk), [], set()
        for at, change in enumerate(self.changes):
            disk.apply(change)
            for damage in DAMAGES:
                state = disk.state(None if damage == "dropped" else random.Random(f"{SEED} {at} {damage}"))
                key = hash(tuple(state.items()))
                if key not in seen:
                    seen.add(key)
                    found.append((at, damage, state))
        return found

    def check(self, state, reported: set[Path], expected, folder: Path) -> str:
        """What is wrong in the state; nothing if all is well."""
        leave(state, self.disk, folder)
        lake = folder / "lake"
        if lost := reported - committed(lake):
            return f"{len(reported)} entries were reported, {len(reported) - len(lost)} survived"
        try:
            present = rows(lake)
        except duckdb.Error as error:
            return f"a reader of the folders fails: {error}"
        if len(set(present)) != len(present):
            return "a record stands twice before the restart"
        lacking = {folder for layer, folder, *_ in set(expected) - set(present) if layer == "bronze"}
        if hours := lacking & marked(lake):
            return f"marked complete and not: {hours}"
        for command, *options in self.restart:
            done = subprocess.run([self.bassline.binary, command, "--lake", lake, *map(str, options)], capture_output=True,
                                  text=True, check=False, timeout=120)
            if done.returncode != 0:
                return f"{command} exits {done.returncode}: {done.stderr}"
        if hours := marked(self.lake) - marked(lake):
            return f"complete and not marked after the restart: {hours}"
        after = rows(lake)
        return "" if after == expected else f"{len(after)} rows after the restart instead of {len(expected)}"

    def expect_every_state_recovers(self, sample: int) -> None:
        """Cuts the power in that many states, or in all if there are fewer."""
        expected, found = rows(self.lake), self.states()
        random.Random(SEED).shuffle(found)
        found = found[:int(os.environ.get("BASSLINE_CRASH_STATES", sample))]

        def cut(number: int) -> str:
            at, damage, state = found[number]
            folder = self.folder / str(number)
            folder.mkdir()
            wrong = self.check(state, self.reported[at], expected, folder)
            shutil.rmtree(folder)
            change = self.changes[at]
            return wrong and f"after {at} ({change.op} {change.path or change.file} {change.target}), {damage}: {wrong}"

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [text for text in pool.map(cut, range(len(found))) if text]
        syncs = sum(change.op == "S" for change in self.changes)
        print(f"\n{len(self.changes)} operations, {syncs} syncs, {len(found)} states, {len(wrong)} wrong, seed {SEED}")
        assert not wrong, "\n".join(wrong[:10])
        assert len(found) >= min(sample, 50) and syncs > 20, "the recorder saw too little"
