# SPDX-License-Identifier: Apache-2.0
"""Stock dbt build on the same bronze gives the tables that the native runtime publishes, row by row."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from logs import ROOT, log_folder
from lake_files import assert_same_rows, connect, newest_snapshot, relation_of


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    """Where the first run of dbt leaves what it parsed: vars and paths are the same for each."""
    return tmp_path_factory.mktemp("parsed") / "partial_parse.msgpack"


def dbt_run(work: Path, parsed: Path) -> Path:
    """`dbt build --target embedded` over the bronze of `work`/lake, without its tests; the database that it leaves."""
    database = work / "bassline.duckdb"
    command = [
        Path(sys.executable).with_name("dbt"), "--quiet", "--no-send-anonymous-usage-stats", "build",
        "--project-dir", ROOT / "dbt", "--profiles-dir", ROOT / "dbt", "--target", "embedded",
        "--target-path", work / "target", "--log-path", work / "logs", "--vars", "lake: lake",
        "--exclude-resource-type", "unit_test", "test",
    ]  # fmt: skip
    if parsed.exists():
        (work / "target").mkdir()
        shutil.copy(parsed, work / "target")
    environment = os.environ | {"BASSLINE_DBT_DATABASE": database.name}
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    shutil.copy(work / "target" / parsed.name, parsed)
    return database


def in_one_file_a_topic(lake: Path, copied: Path) -> None:
    """The lake's rows for stock dbt, which reads every file of a topic again in each model: hundreds of hours take it longest."""
    for folder in [*(lake / "bronze").iterdir(), *lake.glob("_quarantine")]:
        to = copied / folder.relative_to(lake) / "rows.parquet"
        to.parent.mkdir(parents=True)
        files = [str(path) for path in sorted(folder.rglob("*.parquet"))]
        if files:
            relation = duckdb.read_parquet(files, hive_partitioning=False, union_by_name=True)
            relation.write_parquet(str(to), compression="zstd")


# dbt's own run of the data tests and unit tests is in tests/dbt.
@pytest.mark.parametrize(
    "logs", [["golden"], pytest.param(["eventsim", "eventsim_single_stream"], marks=pytest.mark.long)], ids="+".join)
def test_every_table_equals_stock_dbts(bassline, parsed, tmp_path, logs):
    lake = tmp_path / "lake"
    for log in logs:  # a producer each, since their users and sessions share numbers
        files = log_folder(log) / "*.ndjson" if log == "golden" else log_folder(log)
        bassline("ingest", "--lake", lake, "--from", files, "--producer", log)
    bassline("build", "--lake", lake)
    stock = tmp_path / "stock"
    stock.mkdir()
    if logs == ["golden"]:
        (stock / "lake").symlink_to(lake)  # as it stands
    else:
        in_one_file_a_topic(lake, stock / "lake")
    connection = connect()
    # Its views name their database, so it keeps its name.
    connection.execute(f"attach '{dbt_run(stock, parsed)}' as bassline (read_only)")
    tables = newest_snapshot(lake)["tables"]
    assert len(tables) > 30
    for name, table in tables.items():
        built = connection.table(f"bassline.{table['layer']}.{name}")
        assert_same_rows(connection, name, relation_of(connection, lake, name), built)
