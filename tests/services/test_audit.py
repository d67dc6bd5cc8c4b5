# SPDX-License-Identifier: Apache-2.0
"""The audit finds what it is there to find: each kind of damage to a lake that is right as a whole."""

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow
import pytest
from audit import compare
from topics import RECORDS, TOPICS

PARTITIONS = 2


@pytest.fixture(scope="module")
def records(corpus):
    """The lines of the corpus as a broker would hold them, some of them bad: line n is offset n / 2 of partition n % 2."""
    rows = []
    for topic in TOPICS:
        lines = (corpus / f"{topic}.ndjson").read_bytes().splitlines()[:400]
        lines[3::97] = [line[: len(line) // 2] for line in lines[3::97]]
        rows += [(topic, n % PARTITIONS, n // PARTITIONS, 1000 + n, line) for n, line in enumerate(lines)]
    columns = [pyarrow.array(column, field.type) for column, field in zip(zip(*rows), RECORDS)]
    return pyarrow.Table.from_arrays(columns, schema=RECORDS)


@pytest.fixture(scope="module")
def pristine(bassline, records, tmp_path_factory) -> Path:
    """A lake of those records: ingested from files of ours, then told to have come from Kafka."""
    folder = tmp_path_factory.mktemp("audit")
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    places = []
    for topic in TOPICS:
        path, at = folder / f"{topic}.ndjson", 0
        with path.open("wb") as file:
            for row in records.to_pylist():
                if row["topic"] == topic:
                    places.append((topic, at, row["partition"], row["offset"], row["timestamp_ms"]))
                    at += file.write(row["value"] + b"\n")
    lake = folder / "lake"
    bassline("ingest", "--lake", lake, "--from", folder, check=False)
    sources = {}
    for entry in (lake / "_ingest/files/log").glob("*.json"):
        sources |= {r["source"]: Path(r["path"]).stem for r in json.loads(entry.read_text()).get("ranges", [])}
    connection.execute("create table place (topic varchar, begins bigint, partition int, off bigint, time bigint)")
    connection.executemany("insert into place values (?, ?, ?, ?, ?)", places)
    connection.execute("create table source (number int, topic varchar)")
    connection.executemany("insert into source values (?, ?)", list(sources.items()))
    for file in [*(lake / "bronze").rglob("*.parquet"), *(lake / "_quarantine").rglob("*.parquet")]:
        rewrite(connection, file, """
            select f.* replace ('kafka' as source, 'kafka-' || p.topic || '-' || p.partition as chain,
                p.partition as source_partition, p.off as source_offset, make_timestamptz(p.time * 1000) as source_timestamp)
            from file as f join source as s on s.number = f.source_partition
            join place as p on p.topic = s.topic and p.begins = f.source_offset""")
    return lake


def rewrite(connection, file: Path, select: str) -> None:
    connection.execute(f"create or replace table file as from read_parquet('{file}', hive_partitioning = false)")
    connection.execute(f"copy ({select}) to '{file}' (format parquet)")


@pytest.fixture
def lake(pristine, tmp_path):
    return Path(shutil.copytree(pristine, tmp_path / "lake"))


def biggest(lake: Path, folder: str) -> Path:
    return max((lake / folder).rglob("*.parquet"), key=lambda path: path.stat().st_size)


def test_a_right_lake_passes(lake, records):
    found = compare(lake, records, {("listen_events", 2): (0, 0)})
    assert found.ok, found.table()
    assert found.records == len(records) == found.written + found.quarantined
    assert found.quarantined > 10
    assert ("listen_events", 2) in {(p.topic, p.partition) for p in found.partitions}, "an empty partition is listed"


DAMAGE = {
    "a row is gone": ("bronze/listen_events", "select * from file limit (select count(*) - 1 from file)", "missing"),
    "a row stands twice": ("bronze/listen_events", "from file union all (from file limit 1)", "duplicate"),
    "an offset is shifted": (
        "bronze/page_view_events", "select * replace (source_offset + 100000 as source_offset) from file", "unknown"),
    "a field is changed": ("bronze/page_view_events", "select * replace (itemInSession + 1 as itemInSession) from file",
                           "differing"),
    "a text is lost": ("bronze/listen_events", "select * replace (null as level) from file", "differing"),
    "the record's time is lost": (
        "bronze/listen_events", "select * replace (source_timestamp + interval 1 hour as source_timestamp) from file",
        "differing"),
    "partition and chain disagree": (
        "bronze/listen_events", "select * replace (1 - source_partition as source_partition) from file", "missing"),
    "refused bytes are cut": ("_quarantine", "select * replace (raw[1:5] as raw) from file", "differing"),
    "a refused record is gone": ("_quarantine", "select * from file offset 1", "missing"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(name, lake, records):
    folder, select, kind = DAMAGE[name]
    rewrite(duckdb.connect(), biggest(lake, folder), select)
    found = compare(lake, records, {})
    assert not found.ok
    assert sum(getattr(p, kind) for p in found.partitions) > 0, found.table()
    assert found.examples


def test_a_file_in_another_hour_is_found(lake, records):
    file = biggest(lake, "bronze/listen_events")
    target = file.parents[1] / "hour=99"
    target.mkdir()
    file.rename(target / file.name)
    found = compare(lake, records, {})
    assert sum(p.differing for p in found.partitions) > 0, found.table()


def test_a_file_that_stands_twice_is_found(lake, records):
    file = biggest(lake, "bronze/listen_events")
    shutil.copy(file, file.with_name("again.parquet"))
    found = compare(lake, records, {})
    assert sum(p.duplicate for p in found.partitions) > 0, found.table()
