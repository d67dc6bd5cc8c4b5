# SPDX-License-Identifier: Apache-2.0
"""How fast `bassline ingest --kafka` turns a topic into bronze, beside Spark Structured Streaming on the same topic.

usage: kafka_bench.py [--records N] [--runs N] [--build DIR] [--directory DIR] [--json FILE] [--no-spark]

A real broker runs on the same cores, so the wall rate is shared with it; its own CPU seconds are told. CPU seconds of an
engine are user and system time of its whole process, start included; the engines take turns, and of several runs the
least time counts. Start costs more for a virtual machine than for us, so each engine also drains a topic of a thousand
records, and the rate per CPU second is stated both with the start and, as "steady", for the records beyond the thousand.
Every run must give every record once: the rows are counted, and so are the distinct offsets.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / folder) for folder in ("tests", "tests/services", ".deps/services/python")]

import duckdb  # noqa: E402
from bronze_bench import SPARK_PYTHON, best, conditions  # noqa: E402
from confluent_kafka import Producer  # noqa: E402
from servers import PACKAGES, Broker  # noqa: E402
from topics import Topics  # noqa: E402

FEW = 1000
PARTITIONS = 4
THREADS = 2
QUEUED_MAX = 50_000  # records on their way to the broker
FEW_TOPIC, TOPIC = "few_listen_events", "listen_events"


def fill(bootstrap: str, topic: str, source: Path, count: int) -> None:
    """The first `count` lines of the file, in turn to each partition, in their order."""
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": "zstd", "linger.ms": 50, "batch.size": 256 << 10})
    with source.open("rb") as lines:
        for number, line in zip(range(count), lines):
            while len(producer) >= QUEUED_MAX:
                producer.poll(0.1)
            producer.produce(topic, line[:-1], partition=number % PARTITIONS)
    producer.flush()


def command(engine: str, options: argparse.Namespace, bootstrap: str, topic: str, output: Path) -> list:
    if engine == "bassline":
        return [options.build / "bassline", "ingest", "--lake", output, "--kafka", bootstrap, "--topics", topic,
                "--threads", THREADS]
    return [SPARK_PYTHON, ROOT / "bench/kafka_peer.py", bootstrap, topic, output, THREADS,
            *sorted((PACKAGES / "spark-kafka").glob("*.jar"))]


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows_in(output: Path) -> tuple[int, int]:
    """Rows, and distinct (partition, offset)."""
    files = [str(path) for path in output.rglob("*.parquet")]
    return duckdb.sql(f"select count(*), count(distinct (source_partition, source_offset)) from read_parquet({files!r},"
                      " hive_partitioning = false)").fetchone()


def measure(parts: list, output: Path, broker: Broker, expected: int) -> dict:
    shutil.rmtree(output, ignore_errors=True)
    broker_before, started = cpu_of(broker.process.pid), time.monotonic()
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen([str(part) for part in parts], stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            log.seek(0)
            raise SystemExit(f"error: {parts[0]} failed:\n{log.read().decode()[-2000:]}")
    row = {
        "wall_s": round(wall, 2), "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "broker_cpu_s": round(cpu_of(broker.process.pid) - broker_before, 2), "peak_mb": usage.ru_maxrss // 1024,
        "files": sum(1 for _ in output.rglob("*.parquet")),
        "written_mb": round(sum(path.stat().st_size for path in output.rglob("*.parquet")) / 1e6, 1),
    }
    if rows_in(output) != (expected, expected):
        raise SystemExit(f"error: {parts[0]} wrote {rows_in(output)} rows and offsets, not {expected}")
    shutil.rmtree(output)
    return row


def figures(engine: str, few: dict, row: dict, options: argparse.Namespace) -> dict:
    beyond = options.records - FEW
    return {
        "engine": engine, **row, "start_wall_s": few["wall_s"], "start_cpu_s": few["cpu_s"],
        "records_per_s": round(options.records / row["wall_s"]),
        "records_per_cpu_s": round(options.records / row["cpu_s"]),
        "steady_records_per_s": round(beyond / max(row["wall_s"] - few["wall_s"], 1e-3)),
        "steady_records_per_cpu_s": round(beyond / max(row["cpu_s"] - few["cpu_s"], 1e-3)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3, help="of each engine; the best figures count")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="a release build's folder")
    parser.add_argument("--directory", type=Path, help="where broker, input and output go (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--no-spark", action="store_true")
    options = parser.parse_args()

    subprocess.run(["cmake", "--build", str(options.build), "--target", "generate_listens"],
                   check=True, stdout=subprocess.DEVNULL)
    stated = conditions(options.build / "bassline", options.records)
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        directory = Path(folder)
        source = directory / "listens.ndjson"
        with source.open("wb") as file:
            subprocess.run([options.build / "generate_listens", str(options.records), "short"], stdout=file, check=True)
        stated["bytes_per_record"] = round(source.stat().st_size / options.records)
        print("kafka: " + ", ".join(f"{name} {value}" for name, value in stated.items()), flush=True)
        with Broker(directory / "kafka") as broker:
            Topics(broker.bootstrap, (FEW_TOPIC, TOPIC), PARTITIONS).create()
            fill(broker.bootstrap, FEW_TOPIC, source, FEW)
            fill(broker.bootstrap, TOPIC, source, options.records)
            engines = ["bassline"] if options.no_spark or not SPARK_PYTHON.exists() else ["bassline", "spark"]
            turns = [[measure(command(engine, options, broker.bootstrap, topic, directory / "output"),
                              directory / "output", broker, count)
                      for engine in engines for topic, count in ((FEW_TOPIC, FEW), (TOPIC, options.records))]
                     for _ in range(options.runs)]
    of_topics = [best(list(runs)) for runs in zip(*turns)]
    rows = [figures(engine, few, row, options) for engine, few, row in zip(engines, of_topics[::2], of_topics[1::2])]
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    if len(rows) == 2:
        for key in ("records_per_cpu_s", "steady_records_per_cpu_s"):
            print(f"{key}: bassline {rows[0][key] / rows[1][key]:.1f} times Spark")
    if options.json:
        options.json.write_text(json.dumps({"conditions": stated, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
