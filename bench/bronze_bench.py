# SPDX-License-Identifier: Apache-2.0
"""How fast `bassline ingest` turns listens into bronze, beside DuckDB and Spark on the same file.

usage: bronze_bench.py [--events N] [--runs N] [--build DIR] [--directory DIR] [--json FILE] [--no-spark]

CPU seconds are user and system time of the whole child process, start included. The engines take turns, so that a machine
whose speed changes is as fast for each; of several runs the least time counts, as other work only adds, and the most
memory. Files lie on a tmpfs, where there is one: bassline waits for its files to reach the disk, its peers do not. Spark takes
part in the first two turns where .venv-spark stands (tools/python/requirements-spark.lock). The table goes to stdout.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPARK_PYTHON = ROOT / ".venv-spark/bin/python"
PEERS = ROOT / "bench/peers.py"
THREADS = (1, 2)
KINDS = ("low", "high", "unique")  # cardinality of the texts, see generate_listens.cpp
SPARK_TURNS = 2  # its ratio is far from any bound, its runs take ten times as long
TMPFS = Path("/dev/shm")
TMPFS_BYTES_MIN = 4 << 30  # a container's default has less


def measure(command: list, output: Path) -> dict:
    """Runs the command; wall and CPU seconds, peak memory, and the size of what it wrote."""
    shutil.rmtree(output, ignore_errors=True)
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            log.seek(0)
            raise SystemExit(f"error: {command[0]} failed:\n{log.read().decode()[-2000:]}")
    written = sum(path.stat().st_size for path in output.rglob("*.parquet"))
    shutil.rmtree(output, ignore_errors=True)
    return {
        "wall_s": round(wall, 2), "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": usage.ru_maxrss // 1024, "written_mb": round(written / 1e6, 1),
    }


def best(runs: list[dict]) -> dict:
    """The least CPU time and the least wall time, of whichever run; of memory and files the most."""
    return {name: (min if name in ("wall_s", "cpu_s") else max)(run[name] for run in runs) for name in runs[0]}


def two_at_once(command: list, outputs: list[Path], runs: int) -> float:
    """Wall seconds of two processes of one thread each, side by side: what two threads could reach at best, as cores
    share caches, memory and often arithmetic. `command` has its output folder in the place of None."""
    walls = []
    for _ in range(runs):
        started = time.monotonic()
        children = [subprocess.Popen([str(output if part is None else part) for part in command],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for output in outputs]
        words = [child.communicate()[1] for child in children]
        if any(child.returncode for child in children):
            raise SystemExit("error: one of two ingests at once failed\n" + b"".join(words).decode())
        walls.append(time.monotonic() - started)
        for output in outputs:
            shutil.rmtree(output)
    return min(walls)


def commands(binary: Path, source: Path, output: Path, with_spark: bool) -> list[tuple[str, int, list]]:
    runs = []
    for threads in THREADS:
        runs.append(("bassline", threads, [binary, "ingest", "--lake", output, "--from", source,
                                           "--threads", threads]))
        runs.append(("duckdb", threads, [sys.executable, PEERS, "duckdb", source, output, threads]))
    if with_spark:
        runs.append(("spark", 2, [SPARK_PYTHON, PEERS, "spark", source, output, 2]))
    return runs


def bench(cardinality: str, options: argparse.Namespace, directory: Path) -> list[dict]:
    source, output = directory / f"listens-{cardinality}.ndjson", directory / "output"
    with source.open("wb") as file:
        subprocess.run([options.build / "generate_listens", str(options.events), cardinality], stdout=file, check=True)
    rows = []
    engines = commands(options.build / "bassline", source, output, not options.no_spark and SPARK_PYTHON.exists())
    runs_of = [[] for _ in engines]
    for turn in range(options.runs):
        for (engine, _, command), runs in zip(engines, runs_of):
            if engine != "spark" or turn < SPARK_TURNS:
                runs.append(measure(command, output))
    for (engine, threads, _), runs in zip(engines, runs_of):
        row = {"cardinality": cardinality, "engine": engine, "threads": threads, **best(runs)}
        ours = next(r for r in rows + [row] if r["engine"] == "bassline" and r["threads"] == threads)
        row["cpu_ratio"] = round(row["cpu_s"] / ours["cpu_s"], 2)
        row["events_per_cpu_s"] = round(options.events / row["cpu_s"])
        rows.append(row)
        print_row(row)
    one, two = (next(r["wall_s"] for r in rows if (r["engine"], r["threads"]) == ("bassline", n)) for n in THREADS)
    both = two_at_once([options.build / "bassline", "ingest", "--lake", None, "--from", source, "--threads", 1],
                       [directory / "first", directory / "second"], options.runs)
    print(f"{cardinality}: two threads {one / two:.2f} times as fast as one; two processes of one thread each, at once, "
          f"{2 * one / both:.2f} times as fast as one after the other", flush=True)
    source.unlink()
    return rows


def print_row(row: dict) -> None:
    print("{cardinality:<12}{engine:<10}{threads:>8}{wall_s:>9}{cpu_s:>9}{events_per_cpu_s:>14}{peak_mb:>9}"
          "{written_mb:>12}{cpu_ratio:>10}".format(**row), flush=True)


def conditions(options: argparse.Namespace) -> dict:
    binary = options.build / "bassline"
    return {
        "events": options.events, "folder": str(options.directory or tempfile.gettempdir()),
        "best of": f"{options.runs} runs (Spark {min(options.runs, SPARK_TURNS)})", "cores": os.cpu_count(), "machine": platform.machine(),
        "load_before": round(os.getloadavg()[0], 2),
        "bassline": subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each engine; the best figures count")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="a release build's folder")
    parser.add_argument("--directory", type=Path, help="where the input and the lakes go, 2 GB for 3 million events "
                        "(default: /dev/shm if it has 4 GiB, else a temporary folder)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--no-spark", action="store_true")
    options = parser.parse_args()
    if options.directory is None and TMPFS.is_dir() and shutil.disk_usage(TMPFS).free > TMPFS_BYTES_MIN:
        options.directory = TMPFS

    subprocess.run(["cmake", "--build", str(options.build), "--target", "generate_listens"],
                   check=True, stdout=subprocess.DEVNULL)
    stated = conditions(options)
    print("bronze: " + ", ".join(f"{name} {value}" for name, value in stated.items()))
    print(f"{'cardinality':<12}{'engine':<10}{'threads':>8}{'wall s':>9}{'CPU s':>9}{'events/CPU s':>14}{'peak MB':>9}"
          f"{'written MB':>12}{'CPU ratio':>10}")
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        rows = [row for kind in KINDS for row in bench(kind, options, Path(directory))]
    if options.json:
        options.json.write_text(json.dumps({"conditions": stated, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
