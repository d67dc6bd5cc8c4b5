# SPDX-License-Identifier: Apache-2.0
"""Engines that are not ours read the lake by its folders and see what our own readers see."""

import json
import subprocess

import duckdb
import pyarrow.dataset
import pyarrow.parquet
import pytest
from lake_tables import open_lake
from logs import ROOT, log_folder

SPARK = ROOT / ".venv-spark/bin/python"


@pytest.fixture(scope="module")
def lake(bassline, tmp_path_factory):
    path = tmp_path_factory.mktemp("interop") / "lake"
    bassline("run", "--lake", path, "--from", log_folder("eventsim"), "--once")
    return path


@pytest.fixture(scope="module")
def rare_texts(bassline, tmp_path_factory):
    """A lake whose last hour has texts that hardly repeat, some of them missing."""
    folder = tmp_path_factory.mktemp("rare")
    with (folder / "listens.ndjson").open("w", encoding="utf-8") as file:
        for i in range(44_000):
            listen = {"ts": 1741132800000 + i // 36_000 * 3_600_000 + i % 36_000, "sessionId": i, "itemInSession": 0,
                      "artist": "A", "song": f"S\u00f6ng {'x' * (i % 40)} {i}", "duration": 1.5,
                      "city": None if i % 7 == 0 else f"City {i}"}
            print(json.dumps(listen, ensure_ascii=i % 2 == 0), file=file)
    bassline("ingest", "--lake", folder / "lake", "--from", folder / "listens.ndjson")
    return folder / "lake"


@pytest.fixture(scope="module")
def spark(lake, rare_texts):
    assert SPARK.exists(), "run `tools/setup spark`"
    done = subprocess.run(
        [SPARK, ROOT / "tests/interop/spark_reader.py", lake, rare_texts], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_spark_reads_bronze_by_its_hive_folders(lake, spark):
    own = open_lake(lake).execute(
        """
        select cast(date as varchar), count(*), sum(cast(floor(duration * 1000 + 0.5) as bigint)), count(userId),
            min(extract(hour from event_at)), max(strftime(event_at, '%Y-%m-%d'))
        from read_parquet(? || '/bronze/listen_events/**/*.parquet', hive_partitioning = true)
        group by date order by date
        """,
        [str(lake)],
    ).fetchall()
    assert spark["bronze"] == [list(row) for row in own]


@pytest.mark.parametrize(
    "table",
    [
        "silver/fact_page_view_events",
        "silver/fact_listen_events",
        "bronze/page_view_events",
        "bronze/auth_events",
        "bronze/listen_events",
    ],
)
def test_spark_reads_every_column_by_its_hive_folders(lake, rare_texts, spark, table):
    of_lake = rare_texts if table == "bronze/listen_events" else lake
    is_silver = table.startswith("silver")
    reader = open_lake(of_lake) if is_silver else duckdb.connect()
    files = f"read_parquet('{of_lake}/{table}/**/*.parquet', hive_partitioning = true, hive_types = {{'hour': int}})"
    ours = table.replace("/", ".") if is_silver else files
    columns = reader.execute(f"select column_name, column_type from (describe select * from {ours})").fetchall()
    (rows,) = reader.execute(f"select count(*) from {ours}").fetchone()
    own = {"rows": rows}
    for name, kind in columns:
        alike = kind in ("VARCHAR", "DATE", "BIGINT", "INTEGER", "SMALLINT")
        greatest = f", cast(max({name}) as varchar)" if alike else ""
        figures = reader.execute(f"select count({name}), count(distinct {name}){greatest} from {ours}").fetchone()
        own[name] = list(figures)
    day = "event_date" if is_silver else "date"
    by_date = reader.execute(f"select cast({day} as varchar), count(*) from {ours} group by 1 order by 1")
    own["by_date"] = [list(row) for row in by_date.fetchall()]
    assert rows > 0
    assert spark["columns"][table] == own


def test_spark_reads_gold(lake, spark):
    own = open_lake(lake).execute(
        "select weekday, mean_listening_time, user_days from gold.weekday_mean_listening_time order by iso_weekday"
    ).fetchall()
    assert spark["gold"] == [list(row) for row in own]


def test_spark_reads_texts_that_hardly_repeat(rare_texts, spark):
    last = max((rare_texts / "bronze/listen_events").rglob("*.parquet"))
    columns = pyarrow.parquet.read_metadata(last).row_group(0)
    encodings = {columns.column(i).path_in_schema: columns.column(i).encodings for i in range(columns.num_columns)}
    assert "DELTA_LENGTH_BYTE_ARRAY" in encodings["song"] and "DELTA_LENGTH_BYTE_ARRAY" in encodings["city"]
    own = duckdb.execute(
        "select count(*), count(distinct song), sum(length(song)), count(city), sum(length(city)), max(song_utf8), min(city)"
        " from read_parquet(? || '/bronze/listen_events/**/*.parquet', hive_partitioning = true)",
        [str(rare_texts)],
    ).fetchall()
    assert own[0][:2] == (44_000, 44_000)
    assert spark["rare_texts"] == [list(row) for row in own]


def test_arrow_checks_every_page_of_bronze(lake):
    files = sorted((lake / "bronze").rglob("*.parquet"))
    assert files
    rows = sum(
        pyarrow.parquet.read_table(file, partitioning=None, page_checksum_verification=True).num_rows for file in files
    )
    assert rows == 11185
