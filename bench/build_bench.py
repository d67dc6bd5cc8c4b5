# SPDX-License-Identifier: Apache-2.0
"""bassline build against the bare SQL it executes, and against stock dbt-duckdb, on the same bronze.

    python bench/build_bench.py --from tests/data/eventsim [--runs 5] [--threads 2]

Three ways to the same tables and tests: the native build (it also copies, hashes, syncs and publishes the files in the
lake); the manifest's compiled SQL sent one after the other through a single DuckDB connection, every published table
then written as Parquet; and `dbt build`. Medians of wall and CPU seconds; the runs take turns, so that a busy machine
hits all three.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARY = Path(os.environ.get("BASSLINE", ROOT / "build/release/bassline"))
TOPICS = ("listen_events", "page_view_events", "auth_events", "status_change_events")
LAYERS = ("intermediate", "silver", "gold")


def models_folder() -> Path:
    return Path(os.environ.get("BASSLINE_MODELS", BINARY.parent / "bassline-models"))


def measured(command, **options):
    """(wall, CPU) seconds of a child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def native(lake: Path, threads: int, work: Path):
    return measured([BINARY, "build", "--lake", lake, "--full-refresh", "--threads", threads, "--json"])


def bare(lake: Path, threads: int, work: Path):
    return measured([sys.executable, __file__, "--bare", lake, "--threads", threads])


def stock(lake: Path, threads: int, work: Path):
    command = [
        Path(sys.executable).with_name("dbt"), "--quiet", "--no-send-anonymous-usage-stats", "build",
        "--project-dir", ROOT / "dbt", "--profiles-dir", ROOT / "dbt", "--target", "embedded", "--threads", threads,
        "--target-path", work / "target", "--log-path", work / "logs", "--full-refresh", "--vars", f"lake: {lake}",
    ]  # fmt: skip
    environment = os.environ | {"BASSLINE_DBT_DATABASE": str(work / "bassline.duckdb")}
    return measured(command, cwd=work, env=environment)


def create_sources(connection, lake: Path, dates):
    """Schemas bronze and run, as the native build makes them for all dates."""
    for schema in ("bronze", "run", "staging", "seeds", *LAYERS):
        connection.execute(f"create schema if not exists bassline.{schema}")
    for relation, folder in [(topic, f"bronze/{topic}") for topic in TOPICS] + [("quarantine", "_quarantine")]:
        files = sorted(map(str, (lake / folder).rglob("*.parquet")))
        if files:
            source = f"select * from read_parquet({files}, hive_partitioning = false)"
        else:  # typed by any bronze file: enough where there are no rows
            source = "select null::varchar as topic, null::varchar as reason, null::varchar as detail, null::blob as raw, "
            source += "null::bigint as raw_bytes, null::varchar as producer, null::timestamptz as ingested_at, "
            source += "null::timestamptz as source_timestamp, null::integer as source_partition, "
            source += "null::bigint as source_offset where false"
        connection.execute(f"create view bassline.bronze.{relation} as {source}")
    connection.execute("create table bassline.run.scope as select unnest(?)::date as event_date, true as is_written", [dates])
    connection.execute(
        "create table bassline.run.touched as select event_date, false as is_expired from bassline.run.scope")
    stamps = " union all ".join(f"select ts from bassline.bronze.{topic}" for topic in TOPICS)
    connection.execute(
        "create table bassline.run.context as select max(ts) as watermark_ms, null::bigint as previous_watermark_ms, "
        f"true as is_full from ({stamps})"
    )


def in_order(nodes):
    """Models and seeds, parents first."""
    order, seen = [], set()

    def visit(unique_id):
        if unique_id in seen or unique_id not in nodes:
            return
        seen.add(unique_id)
        for parent in nodes[unique_id]["depends_on"].get("nodes", []):
            visit(parent)
        order.append(nodes[unique_id])

    for unique_id in sorted(nodes):
        visit(unique_id)
    return order


def run_bare(lake: Path, threads: int):
    import duckdb

    manifest = json.loads((models_folder() / "manifest.json").read_text())
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set TimeZone = 'UTC'; set preserve_insertion_order = false")
    connection.execute("attach ':memory:' as bassline")
    dates = sorted({path.parent.parent.name.removeprefix("date=") for path in (lake / "bronze").rglob("*.parquet")})
    create_sources(connection, lake, dates)
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    for node in in_order(nodes):
        kind = node["config"]["materialized"]
        if kind == "seed":
            path = models_folder() / node["original_file_path"]
            types = node["config"].get("column_types") or {}
            given = f", types = {types}" if types else ""
            connection.execute(f"create table {node['relation_name']} as select * from read_csv('{path}', header = true{given})")
        elif kind != "ephemeral":
            made = "view" if kind == "view" else "table"
            connection.execute(f"create {made} {node['relation_name']} as {node['compiled_code']}")
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            connection.execute(f"select count(*) from ({node['compiled_code']}\n) as test").fetchall()
    with tempfile.TemporaryDirectory() as folder:
        for node in nodes.values():
            kind = node["config"]["materialized"]
            if node["schema"] not in LAYERS or kind not in ("table", "incremental"):
                continue
            by_date = ", partition_by (event_date), write_partition_columns" if kind == "incremental" else ""
            target = f"{folder}/{node['name']}" + ("" if by_date else ".parquet")
            connection.execute(f"copy {node['relation_name']} to '{target}' (format parquet, compression zstd,"
                               f" compression_level 1, write_bloom_filter false{by_date})")


def bench(source: str, threads: int, runs: int):
    ways = {"native": native, "bare SQL": bare, "stock dbt": stock}
    seconds = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        subprocess.run([BINARY, "ingest", "--lake", lake, "--from", source], check=True, capture_output=True)
        for _ in range(runs):
            for name, way in ways.items():
                work = Path(folder) / "work"
                work.mkdir()
                seconds[name].append(way(lake, threads, work))
                shutil.rmtree(work)
    medians = {
        name: {"wall": statistics.median(wall for wall, _ in taken), "cpu": statistics.median(cpu for _, cpu in taken)}
        for name, taken in seconds.items()
    }
    for name, median in medians.items():
        print(f"{name:10} {median['wall']:7.2f} s wall {median['cpu']:7.2f} s CPU")
    for measure in ("wall", "cpu"):
        over = medians["native"][measure] / medians["bare SQL"][measure] - 1
        times = medians["stock dbt"][measure] / medians["native"][measure]
        print(f"{measure}: native is {over:+.0%} against the bare SQL; stock dbt takes {times:.1f} times the native build")
    return medians


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", default=str(ROOT / "tests/data/eventsim"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        run_bare(arguments.bare, arguments.threads)
    else:
        bench(arguments.source, arguments.threads, arguments.runs)


if __name__ == "__main__":
    main()
