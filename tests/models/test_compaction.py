# SPDX-License-Identifier: Apache-2.0
"""Compaction and retention change files and nothing that a reader, a build or verify can see, but for what expired."""

import gzip
import json
import shutil
import threading

import pytest
from lake_files import assert_projection_is_newest, assert_same_tables, connect, newest_snapshot, snapshot_numbers
from logs import log_folder

LOG = log_folder("eventsim_single_stream") / "eventsim.json.gz"
BATCHES = 6


def run(bassline, command, lake, *options):
    return json.loads(bassline(command, "--lake", lake, "--json", *options).stdout)


def ask(bassline, lake, sql):
    return json.loads(bassline("query", "--lake", lake, sql, "--format", "json").stdout)


def content_of(bassline, lake, relation):
    """Rows of a relation and a hash of all of them, whatever their order and files."""
    return ask(bassline, lake, f"select count(*) as n, sum(hash(r)) as h from {relation} as r")


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    """Four days of a real log in small batches that each reach over all its hours, as many small commits would leave them."""
    folder = tmp_path_factory.mktemp("batches")
    lines = gzip.decompress(LOG.read_bytes()).decode().splitlines(keepends=True)[:1700]
    for number in range(BATCHES):
        (folder / f"{number:02}.json").write_text("".join(lines[number::BATCHES]))
    (folder / "bad.json").write_text("no JSON\n" * 3)
    return folder


@pytest.fixture(scope="module")
def many_files(bassline, batches, tmp_path_factory):
    """A lake with all batches but the last two, built half way and at the end."""
    lake = tmp_path_factory.mktemp("many") / "lake"
    for number in range(BATCHES - 2):
        bassline("ingest", "--lake", lake, "--from", batches / f"{number:02}.json", "--threads", 1)
        if number == BATCHES // 2:
            run(bassline, "build", lake)
    bassline("ingest", "--lake", lake, "--from", batches / "bad.json")
    run(bassline, "build", lake)
    return lake


@pytest.fixture
def lake(many_files, tmp_path):
    return shutil.copytree(many_files, tmp_path / "lake")


RELATIONS = ["bronze.listen_events", "bronze.page_view_events", "bronze.status_change_events", "quarantine"]


def test_everything_reads_the_same_before_and_after(bassline, lake):
    before = {relation: content_of(bassline, lake, relation) for relation in RELATIONS}
    done = run(bassline, "compact", lake)
    assert done["files_merged"] > 2 * done["files_written"] > 0
    assert {relation: content_of(bassline, lake, relation) for relation in RELATIONS} == before
    swept = run(bassline, "compact", lake, "--grace", "0s")
    assert (swept["entries"], swept["files_removed"], swept["files_awaiting"]) == (0, done["files_merged"], 0)
    assert {relation: content_of(bassline, lake, relation) for relation in RELATIONS} == before
    answer = run(bassline, "verify", lake, "--full")
    assert answer["ok"] is True and answer["rows"] == sum(rows[0]["n"] for rows in before.values())
    shown = connect().sql(f"select count(*) from read_parquet('{lake}/bronze/page_view_events/*/*/*.parquet')").fetchall()
    assert shown[0][0] == before["bronze.page_view_events"][0]["n"]


def test_types_and_encodings_are_those_of_ingest(bassline, lake):
    def description(pattern):
        file = sorted(lake.glob(pattern))[0]
        connection = connect()
        schema = connection.sql(f"select name, type, repetition_type, converted_type, logical_type from parquet_schema('{file}')")
        encodings = connection.sql(f"select distinct path_in_schema, encodings, compression from parquet_metadata('{file}')")
        return schema.fetchall(), sorted(encodings.fetchall())

    run(bassline, "compact", lake)
    schema, encodings = description("_ingest/compact/merged/bronze/page_view_events/*/*/*.parquet")
    assert schema == description("bronze/page_view_events/*/*/*.parquet")[0]
    assert encodings == description("bronze/page_view_events/*/*/*.parquet")[1]


def test_a_compaction_is_no_new_data_for_a_build(bassline, lake):
    snapshots = snapshot_numbers(lake)
    run(bassline, "compact", lake, "--grace", "0s")
    assert run(bassline, "build", lake)["nothing_new"] is True
    assert snapshot_numbers(lake) == snapshots


@pytest.mark.long
def test_incremental_builds_over_replaced_files_give_the_same_tables(bassline, lake, batches, tmp_path):
    plain = shutil.copytree(lake, tmp_path / "plain")
    run(bassline, "compact", lake, "--grace", "0s")
    for target in (lake, plain):
        bassline("ingest", "--lake", target, "--from", batches / f"{BATCHES - 2:02}.json", "--threads", 1)
    run(bassline, "compact", lake, "--grace", "0s")  # what no build has seen yet is merged too
    bronze = ask(bassline, lake, "select count(*) as n from bronze.page_view_events")
    assert bronze == ask(bassline, plain, "select count(*) as n from bronze.page_view_events"), "as of the snapshot"
    for target in (lake, plain):
        bassline("ingest", "--lake", target, "--from", batches / f"{BATCHES - 1:02}.json", "--threads", 1)
        answer = run(bassline, "build", target)
        assert answer["full"] is False and answer["published"] is True
    assert_same_tables(lake, plain)
    run(bassline, "build", lake, "--full-refresh")
    assert_same_tables(lake, plain)
    assert run(bassline, "verify", lake)["ok"] is True


def test_readers_in_a_loop_never_see_a_row_twice_or_not_at_all(bassline, lake, batches):
    expected = ask(bassline, lake, "select count(*) as n from bronze.page_view_events")
    done = threading.Event()
    seen = []

    def read():
        while not done.is_set():
            seen.append(ask(bassline, lake, "select count(*) as n from bronze.page_view_events"))

    def ingest():
        for number in range(BATCHES - 2, BATCHES):
            bassline("ingest", "--lake", lake, "--from", batches / f"{number:02}.json", "--threads", 1)

    others = [threading.Thread(target=read), threading.Thread(target=read), threading.Thread(target=ingest)]
    for other in others:
        other.start()
    merges = 0
    for before in ("2025-03-06", "2025-03-07", "2025-03-08", "2100-01-01"):
        merges += run(bassline, "compact", lake, "--before", before)["entries"]
        answer = run(bassline, "verify", lake)
        assert answer["findings"] == []
    others[-1].join()
    merges += run(bassline, "compact", lake, "--before", "2100-01-01")["entries"]
    assert merges > 1
    done.set()
    for other in others:
        other.join()
    assert len(seen) > 4
    assert [rows for rows in seen if rows != expected] == []
    assert run(bassline, "verify", lake, "--full")["findings"] == []


def test_expired_dates_leave_every_layer_and_do_not_come_back(bassline, lake, batches, tmp_path):
    dates = sorted({path.name[5:] for path in (lake / "bronze").glob("*/date=*")})
    assert len(dates) > 2
    kept = dates[-2:]
    done = run(bassline, "compact", lake, "--retain", 2, "--grace", "0s")
    assert done["retained_from"] == kept[0] and done["rows_expired"] > 0
    assert sorted({path.name[5:] for path in (lake / "bronze").glob("*/date=*")}) == kept
    assert run(bassline, "verify", lake)["rows_expired"] == done["rows_expired"]
    alone = bassline("build", "--lake", lake, "--select", "fact_listen_events", check=False)
    assert alone.returncode == 2 and "build everything first" in alone.stderr
    answer = run(bassline, "build", lake)
    assert answer["published"] is True and answer["full"] is False
    snapshot = newest_snapshot(lake)
    assert snapshot["retained_from"] == kept[0]
    days = {file["event_date"] for table in snapshot["tables"].values() for file in table["files"]}
    assert sorted(days - {None}) == kept
    assert_projection_is_newest(lake)
    full = shutil.copytree(lake, tmp_path / "full")
    run(bassline, "build", full, "--full-refresh")
    assert_same_tables(lake, full)
    assert run(bassline, "build", lake)["nothing_new"] is True
    bassline("ingest", "--lake", lake, "--from", batches / f"{BATCHES - 1:02}.json", "--threads", 1)
    run(bassline, "build", lake)
    assert ask(bassline, lake, "select min(event_at)::date as day from bronze.page_view_events")[0]["day"] == kept[0]
    run(bassline, "build", full)
    assert run(bassline, "verify", lake)["ok"] is True
