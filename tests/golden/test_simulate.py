# SPDX-License-Identifier: Apache-2.0
"""`simulate` writes the same bytes whatever the threads: one SHA-256 a configuration, committed."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

EXPECTED = Path(__file__).parent / "expected" / "simulate_sha256.json"
PERIOD = ("--from", "2025-08-29", "--to", "2025-09-12")
RUNS = {
    "stock": ("--config", "stock", "--growth-rate", "2"),
    "alt": ("--config", "alt"),
    "accordion": ("--config", "accordion", "--attrition-rate", "1"),
    "stock single": ("--format", "single", "--tag", "control"),
    "stock extended": ("--extended",),
    "stock compat": ("--compat", "--growth-rate", "2"),
}


def digest(folder):
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


@pytest.mark.parametrize("name", RUNS)
def test_the_same_bytes_for_any_number_of_threads(bassline, tmp_path, request, name):
    digests = set()
    for threads in (1, 2, 7):
        out = tmp_path / str(threads)
        bassline("simulate", "--out", out, "--users", 300, *PERIOD, *RUNS[name], "--threads", threads)
        digests.add(digest(out))
    assert len(digests) == 1
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    if request.config.getoption("--update", default=False):
        expected[name] = digests.pop()
        EXPECTED.write_text(json.dumps(expected, indent=4, sort_keys=True) + "\n")
    else:
        assert digests == {expected.get(name)}


def test_another_seed_gives_other_bytes(bassline, tmp_path):
    for seed in (1, 2):
        bassline("simulate", "--out", tmp_path / str(seed), "--users", 50, *PERIOD, "--seed", seed)
    assert digest(tmp_path / "1") != digest(tmp_path / "2")


def test_a_file_a_folder_and_standard_output_hold_the_same_records(bassline, tmp_path):
    options = ("--users", 50, *PERIOD, "--threads", 1)
    folder = tmp_path / "folder"
    summary = json.loads(bassline("simulate", "--out", folder, *options, "--json").stdout)
    lines = {path.stem: path.read_text().splitlines() for path in folder.iterdir()}
    assert {topic: len(found) for topic, found in lines.items()} == {
        topic: counts["records"] for topic, counts in summary["topics"].items()
    }
    assert summary["steps"] == len(lines["page_view_events"])
    stdout = bassline("simulate", "--out", "-", *options).stdout.splitlines()
    assert sorted(stdout) == sorted(line for found in lines.values() for line in found)
    bassline("simulate", "--out", tmp_path / "all.ndjson", *options)
    assert (tmp_path / "all.ndjson").read_text().splitlines() == stdout
    bassline("simulate", "--out", tmp_path / "all.json.gz", *options)
    assert subprocess.run(["gzip", "-dc", tmp_path / "all.json.gz"], capture_output=True, text=True,
                          check=True).stdout.splitlines() == stdout


def test_songs_of_a_listen_counts_file(bassline, tmp_path):
    counts = tmp_path / "listen_counts.txt"
    counts.write_bytes("TR1\tBjörk\tJóga\t305.5\t10\nTR2\tNobody\tUnheard\t200\t0\n".encode())
    for options, artist in ((), "Björk"), (("--compat",), "BjÃ¶rk"):
        out = tmp_path / f"out{len(options)}.ndjson"
        bassline("simulate", "--out", out, "--users", 50, *PERIOD, "--listen-counts", counts, *options)
        listens = [json.loads(line) for line in out.read_text().splitlines() if '"duration"' in line]
        assert {(listen["artist"], listen["duration"]) for listen in listens} == {(artist, 305.5)}


def test_what_the_command_refuses(bassline, tmp_path, golden):
    bad = tmp_path / "bad.json"
    bad.write_text('{\n  "alpha": "ninety"\n}\n')
    golden("simulate_bad_config", bassline("simulate", "--out", tmp_path / "o", "--config", bad, check=False))
    golden("simulate_bad_time", bassline("simulate", "--out", tmp_path / "o", "--from", "soon", check=False))
    golden("simulate_speed_without_live", bassline("simulate", "--out", tmp_path / "o", "--speed", 2, check=False))
    golden("simulate_no_such_config", bassline("simulate", "--out", tmp_path / "o", "--config", "stok", check=False))
    assert not (tmp_path / "o").exists()
    out = tmp_path / "taken"
    out.mkdir()
    (out / "auth_events.ndjson").write_text("mine\n")
    golden("simulate_existing_file", bassline("simulate", "--out", out, "--users", 5, check=False))
    assert [path.name for path in out.iterdir()] == ["auth_events.ndjson"]


def test_a_mount_without_rename_noreplace(bassline, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    shim = tmp_path / "rename_flag_unknown.so"
    source = Path(__file__).parent / "rename_flag_unknown.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, source], check=True)
    out = tmp_path / "out"
    bassline("simulate", "--out", out, "--users", 5, *PERIOD, env={**os.environ, "LD_PRELOAD": str(shim)})
    assert sorted(path.name for path in out.iterdir()) == [
        "auth_events.ndjson", "listen_events.ndjson", "page_view_events.ndjson", "status_change_events.ndjson"]


def test_a_full_disk_leaves_nothing(bassline, tmp_path):
    done = bassline("simulate", "--out", tmp_path / "out", "--users", 200, *PERIOD, check=False,
                    env={"BASSLINE_FAILPOINTS": "simulator.write=enospc@3"})
    assert done.returncode == 1
    assert "no space left" in done.stderr.lower()
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("times", [1, 3])
def test_a_live_run_that_is_stopped_goes_on_as_if_it_never_was(bassline, tmp_path, times):
    """Ctrl-C drains; the checkpoint resumes; all together equals one run in one go."""
    live = tmp_path / "live"
    start = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 86400))
    options = ["--users", "200", "--from", start, "--seed", "3"]
    for _ in range(times):
        child = subprocess.Popen(
            [bassline.binary, "simulate", "--out", live, "--live", "--speed", "2000", "--checkpoint", tmp_path / "state",
             *options], stderr=subprocess.DEVNULL)
        before = (live / "page_view_events.ndjson").stat().st_size if live.exists() else 0
        deadline = time.monotonic() + 60
        while not (live / "page_view_events.ndjson").exists() or \
                (live / "page_view_events.ndjson").stat().st_size <= before:
            assert time.monotonic() < deadline and child.poll() is None
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) == 130
    with open(tmp_path / "state", "rb") as state:
        head = json.loads(state.readline())
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(head["origin_s"] + head["now"]))
    bassline("simulate", "--out", tmp_path / "once", *options, "--to", end)
    assert digest(live) == digest(tmp_path / "once")
    done = bassline("simulate", "--out", live, "--live", "--checkpoint", tmp_path / "state", "--users", 201,
                    "--seed", 3, check=False)
    assert done.returncode == 2
    assert "users was 200 and is now 201" in done.stderr
