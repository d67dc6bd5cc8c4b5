# SPDX-License-Identifier: Apache-2.0
"""How fast `bassline simulate` writes EventSim's four topics, beside the figures of EventSim itself.

usage: simulate_bench.py [--build DIR] [--directory DIR] [--runs N] [--json FILE]

Stock configuration, 10,000 users, 60 days, JSON to files; on a tmpfs, since on a disk the kernel's page writing rules.
CPU seconds are of the whole child process, start included; of several runs the fastest counts, as other work on the
machine only adds; threads are compared by their medians. A step is one page view with all records that come of it.

EventSim cannot be part of the project: it has no licence and needs a JVM, Scala and its own data. Its figures below were
taken once, on two cores with Java 17, of viirya/eventsim 2.0 with the same configuration, users and days: 88,000 to
98,000 steps per CPU second (user and system), 91,000 to 110,000 steps per second of wall time.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USERS = 10_000
PERIOD = ("--from", "2025-09-01", "--to", "2025-10-31")
EVENTSIM_STEPS_PER_CPU_SECOND = 98_000  # the fastest of its runs
TARGET_PER_USER_SECOND = 1_500_000
TARGET_PER_CPU_SECOND = 900_000
TARGET_SPEEDUP = 1.8  # of two threads, in user CPU terms


def measure(binary: Path, folder: Path, threads: int) -> dict:
    """One run: steps, bytes, seconds and memory."""
    out = folder / "out"
    command = [binary, "simulate", "--out", out, "--users", USERS, "--seed", 1, *PERIOD, "--threads", threads, "--json"]
    with tempfile.TemporaryFile() as answer:
        started = time.monotonic()
        child = subprocess.Popen([str(part) for part in command], stdout=answer, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise SystemExit(f"error: {command[0]} exited {child.returncode}")
        answer.seek(0)
        summary = json.load(answer)
    shutil.rmtree(out)
    return {
        "threads": threads, "steps": summary["steps"],
        "bytes": sum(topic["bytes"] for topic in summary["topics"].values()),
        "wall_s": wall, "user_s": usage.ru_utime, "system_s": usage.ru_stime, "peak_mb": usage.ru_maxrss // 1024,
    }


def measure_start(binary: Path, folder: Path) -> float:
    """Seconds of a run of one user: the program's start, its catalogues, and next to no event."""
    started = time.monotonic()
    subprocess.run([binary, "simulate", "--out", folder / "out", "--users", "1", "--from", PERIOD[1], "--to", PERIOD[1] + "T01:00:00Z"],
                   check=True, capture_output=True)
    took = time.monotonic() - started
    shutil.rmtree(folder / "out")
    return took


def measure_users(binary: Path, folder: Path) -> int:
    """Most memory of ten million users, MB."""
    child = subprocess.Popen([binary, "simulate", "--out", folder / "out", "--users", "10000000", "--from", PERIOD[1],
                              "--to", PERIOD[1] + "T00:10:00Z"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"error: ten million users: exit {child.returncode}")
    shutil.rmtree(folder / "out")
    return usage.ru_maxrss // 1024


def best(runs: list[dict]) -> dict:
    return min(runs, key=lambda run: run["user_s"] + run["system_s"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--directory", type=Path, default=Path("/dev/shm"), help="where to write; a tmpfs")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    measured = {1: [], 2: []}
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        for _ in range(options.runs):
            for threads, runs in measured.items():
                runs.append(measure(options.build / "bassline", Path(folder), threads))
        start_s = min(measure_start(options.build / "bassline", Path(folder)) for _ in range(options.runs))
        users_mb = measure_users(options.build / "bassline", Path(folder))
    one, two = best(measured[1]), best(measured[2])
    steps = one["steps"]
    per_user = steps / min(run["user_s"] for run in measured[1])
    per_cpu = steps / (one["user_s"] + one["system_s"])
    middle = {threads: statistics.median(run["user_s"] for run in runs) for threads, runs in measured.items()}
    speedup = 2 * middle[1] / middle[2]

    print(f"{steps:,} steps, {one['bytes'] / 1e9:.2f} GB, best of {options.runs} runs")
    for run in (one, two):
        print(f"{run['threads']} thread{'s' if run['threads'] > 1 else ' '}  wall {run['wall_s']:.2f} s, user {run['user_s']:.2f} s, "
              f"system {run['system_s']:.2f} s, peak {run['peak_mb']} MB")
    rows = [
        ("steps per user CPU second, one thread", per_user, TARGET_PER_USER_SECOND),
        ("steps per user + system CPU second, one thread", per_cpu, TARGET_PER_CPU_SECOND),
        ("two threads against one, in user CPU terms", speedup, TARGET_SPEEDUP),
    ]
    for name, value, target in rows:
        shown = (f"{value:,.0f}", f"{target:,}") if value > 100 else (f"{value:.2f}", f"{target}")
        print(f"{name:<48} {shown[0]:>12}   target {shown[1]:>10}   {'met' if value >= target else 'MISSED'}")
    print(f"start with all catalogues, one user: {start_s * 1000:.0f} ms; ten million users: {users_mb} MB")
    print(f"{per_cpu / EVENTSIM_STEPS_PER_CPU_SECOND:.1f} times EventSim's steps per CPU second (recorded; see --help)")
    if options.json:
        options.json.write_text(json.dumps({"runs": measured, "steps_per_user_s": per_user, "steps_per_cpu_s": per_cpu,
                                            "two_threads": speedup, "start_s": start_s, "ten_million_users_mb": users_mb}, indent=4) + "\n")
    return 0 if all(value >= target for _, value, target in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
