# SPDX-License-Identifier: Apache-2.0
"""200 times kill -9, half at random moments and half at named places; then the same tables as an undisturbed run.

A kill counts as met when it fell between the first staged write and the last rename: staged files stand, or a
committed entry or snapshot is not yet fully published. That is read from the disk after the kill, never assumed. If
fewer than 80 % of the kills are met, the test fails: it would prove too little.
"""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest
from logs import ROOT

KILLS = int(os.environ.get("BASSLINE_KILLS", "200"))
MET_SHARE = 0.8
SEED = int(os.environ.get("BASSLINE_SEED", "20250314"))
# Columns that tell when and by which commit a row came; they may differ. So may the numbers of the sources, given in the
# order of their first commits: they are compared as the files that they stand for.
RUN_COLUMNS = ["ingested_at", "seq"]
LAYERS = ("bronze", "_quarantine", "silver", "gold")

INGEST_PLACES = [
    "ingest.worker_done", "ingest.sealed", "lake.commit.before_staged_entry", "lake.commit.before_rename",
    "lake.commit.after_rename", "lake.commit.after_sync", "lake.publish.before_file",
]
BUILD_PLACES = ["lake.snapshot.before_rename", "lake.snapshot.committed", "lake.snapshot.project_file"]


def step(session: int, item: int, minute: int) -> dict:
    song = item % 3 != 2
    event = {
        "ts": 1741132800000 + 60_000 * minute, "sessionId": session, "page": "NextSong" if song else "Home",
        "auth": "Logged In", "method": "PUT" if song else "GET", "status": 200, "level": "free" if session % 2 else "paid",
        "itemInSession": item, "location": "Austin-Round Rock, TX", "userAgent": "x", "userId": str(session % 7 + 1),
        "lastName": "Lee", "firstName": "Ada", "gender": "F", "registration": 1741000000000,
    }
    if song:
        event |= {"artist": f"Artist {item % 5}", "song": f"Song {item % 11}", "length": 180.5 + item}
    return event


def write_logs(folder: Path, files: int) -> list[Path]:
    """Small single-stream logs of three hours, so six files each, and a bad line: every build reads the files of all ingests."""
    folder.mkdir()
    paths = []
    for number in range(files):
        path = folder / f"{number:03}.json"
        steps = (step(number, item, 240 * (number % 12) + 6 * item) for item in range(24))
        path.write_text("".join(json.dumps(event) + "\n" for event in steps) + f'{{"number": {number}\n')
        paths.append(path)
    return paths


class Lake:
    def __init__(self, path: Path):
        self.path = path

    def newest_entry(self):
        entries = sorted((self.path / "_ingest/files/log").glob("*.json"))
        return json.loads(entries[-1].read_text()) if entries else None

    def staged(self, pid: int) -> bool:
        """A file staged by that process stands; its writer's name begins with the pid."""
        staging = self.path / "_ingest/files/staging"
        return any(
            files and Path(folder).name.startswith(f"{pid}-") for folder, _, files in os.walk(staging)
        )

    def unpublished(self) -> bool:
        entry = self.newest_entry()
        return entry is not None and any(not (self.path / output["final"]).exists() for output in entry["outputs"])

    def versions(self, known=frozenset()) -> set[str]:
        """Runs of builds that have written a file, without those known. Cheap, since it is asked in a loop."""
        runs = (self.path / "_versions").glob("*")
        return {run.name for run in runs if run.name not in known and any(files for _, _, files in os.walk(run))}

    def committed_versions(self) -> set[str]:
        return {json.loads(path.read_text())["run"] for path in (self.path / "_snapshots").glob("*.json")}

    def unprojected(self) -> bool:
        snapshots = sorted((self.path / "_snapshots").glob("*.json"))
        projected = self.path / "_snapshots/projected"
        done = int("".join(filter(str.isdigit, projected.read_text())) or 0) if projected.exists() else 0
        return bool(snapshots) and int(snapshots[-1].stem) > done


class Driver:
    def __init__(self, binary: Path, lake: Lake, rng: random.Random):
        self.binary, self.lake, self.rng = binary, lake, rng
        self.kills = collections.Counter()
        self.met = collections.Counter()
        self.seconds = {"ingest": 0.05, "build": 0.5}  # of the last undisturbed command

    def command(self, name: str, *arguments):
        return [str(self.binary), name, "--lake", str(self.lake.path), *map(str, arguments)]

    def run(self, name: str, *arguments):
        began = time.monotonic()
        done = subprocess.run(self.command(name, *arguments), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{name} did not recover: {done.stderr}"
        self.seconds[name] = time.monotonic() - began

    def start(self, name: str, *arguments, **environment):
        return subprocess.Popen(
            self.command(name, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )

    def kill_at_place(self, name: str, places: list[str], *arguments) -> bool:
        """Returns False if the place was not reached and the command ended by itself."""
        place = self.rng.choice(places)
        files = 12 if name == "build" else 6  # it writes at least
        nth = self.rng.randint(1, files) if place.endswith("_file") else 1
        before = self.lake.versions()
        process = self.start(name, *arguments, BASSLINE_FAILPOINTS=f"{place}=kill@{nth}")
        return self.count(name, process, before)

    def kill_at_random(self, name: str, *arguments) -> bool:
        """Waits for the first file that the run writes, then for a random part of its usual time, then kills."""
        before = self.lake.versions()
        process = self.start(name, *arguments)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if self.lake.staged(process.pid) if name == "ingest" else self.lake.versions(before):
                break
            time.sleep(0.0005 if name == "ingest" else 0.002)  # a build takes seconds
        time.sleep(self.rng.random() * self.seconds[name] * 0.1)
        process.send_signal(signal.SIGKILL)
        return self.count(name, process, before)

    def count(self, name: str, process, versions_before: set[str]) -> bool:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode in (0, -signal.SIGKILL), f"{name} failed by itself: {stderr.decode()}"
        if process.returncode == 0:
            return False
        self.kills[name] += 1
        if name == "ingest":
            self.met[name] += self.lake.staged(process.pid) or self.lake.unpublished()
        else:
            uncommitted = self.lake.versions(versions_before) - self.lake.committed_versions()
            self.met[name] += bool(uncommitted) or self.lake.unprojected()
        return True


def sources(lake: Path) -> str:
    """A SQL map of the lake's file sources: number -> name of the file."""
    entries = [json.loads(path.read_text()) for path in sorted((lake / "_ingest/files/log").glob("*.json"))]
    names = {found["source"]: Path(found["path"]).name for entry in entries for found in entry["ranges"]}
    return "map {" + ", ".join(f"{number}: '{name}'" for number, name in names.items()) + "}"


def tables(lake: Path) -> dict[str, list[tuple]]:
    """Every row of every table of the newest snapshot and of bronze, sorted, without what tells of the run."""
    files = {}
    for layer in LAYERS:
        for folder in sorted((lake / layer).iterdir()) if (lake / layer).exists() else []:
            files[f"{layer}/{folder.name}"] = f"'{folder}/**/*.parquet'"
    newest = json.loads(max((lake / "_snapshots").glob("*.json")).read_text())
    for name, table in newest["tables"].items():  # intermediate ones have no fixed names
        files.setdefault(f"published/{name}", str([str(lake / file["path"]) for file in table["files"]]))
    result = {}
    for name, paths in files.items():
        relation = duckdb.sql(f"from read_parquet({paths}, hive_partitioning = false, union_by_name = true)")
        kept = [f'"{column}"' for column in relation.columns if column not in RUN_COLUMNS]
        if "source_partition" in relation.columns:
            kept[kept.index('"source_partition"')] = f"{sources(lake)}[source_partition] as source_file"
        relation = relation.project(", ".join(kept))
        if "source_file" in relation.columns:
            assert relation.filter("source_file is null").fetchone() is None, f"{name} has rows of no known source"
        result[name] = sorted(relation.fetchall(), key=repr)
    return result


@pytest.fixture
def binary(tmp_path, monkeypatch) -> Path:
    """The program, with the models as they are now: none of 200 starts shall look for changed sources."""
    program = Path(os.environ.get("BASSLINE", ROOT / "build/release/bassline"))
    shutil.copytree(program.parent / "bassline-models", tmp_path / "models")
    monkeypatch.setenv("BASSLINE_MODELS", str(tmp_path / "models"))
    return program


@pytest.mark.long
def test_200_kills_change_nothing(binary, bassline, tmp_path):
    rng = random.Random(SEED)
    logs = write_logs(tmp_path / "logs", 2 * KILLS)
    lake = Lake(tmp_path / "killed")
    driver = Driver(binary, lake, rng)
    turn = 0
    attempts = 0
    while sum(driver.kills.values()) < KILLS:
        attempts += 1
        assert attempts < 3 * KILLS, "the kills do not hit"
        # A build costs as much as ten ingests; each ingest works on files that no commit has yet.
        name = "build" if turn % 10 == 9 else "ingest"
        inputs = ["--from", *logs[: turn + 1]] if name == "ingest" else []
        places = INGEST_PLACES if name == "ingest" else BUILD_PLACES
        killed = (
            driver.kill_at_place(name, places, *inputs) if rng.random() < 0.6 else driver.kill_at_random(name, *inputs)
        )
        turn += 1
        # The restart is the next command of that kind, to be killed too, or at once and undisturbed.
        if killed and rng.random() < 0.3:
            driver.run(name, *inputs)
    driver.run("ingest", "--from", *logs)
    driver.run("build")
    bassline("verify", "--lake", lake.path, "--full")

    calm = tmp_path / "calm"
    bassline("ingest", "--lake", calm, "--from", *logs)
    bassline("build", "--lake", calm)
    kills, met = sum(driver.kills.values()), sum(driver.met.values())
    print(f"\n{kills} kills ({dict(driver.kills)}), {met} met ({dict(driver.met)}), seed {SEED}")
    assert met >= MET_SHARE * kills, f"only {met} of {kills} kills fell between the first staged write and the last rename"
    assert driver.kills["build"] > 0 and driver.kills["ingest"] > 0
    expected, found = tables(calm), tables(lake.path)
    assert expected.keys() == found.keys()
    for name, rows in expected.items():
        assert rows == found[name], f"{name} differs after {kills} kills, seed {SEED}"
    assert len(expected["bronze/page_view_events"]) == 24 * len(logs)
    assert len(expected["_quarantine/page_view_events"]) == len(logs)
    assert expected["published/int_sessions"]
    assert expected["silver/fact_listen_events"] and expected["gold/top_songs_by_play_count"]
