# SPDX-License-Identifier: Apache-2.0
"""Stock dbt build on the same bronze gives the tables that the native runtime publishes, row by row."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from logs import ROOT, log_folder
from lake_files import assert_same_rows, connect, newest_snapshot, relation_of, sorted_rows


def dbt_build(lake: Path, work: Path, excluded: list[str]):
    """`dbt build --target embedded` over the lake's bronze, without these kinds of tests; the database that it leaves."""
    database = work / "bassline.duckdb"
    command = [
        Path(sys.executable).with_name("dbt"), "--quiet", "--no-send-anonymous-usage-stats", "build",
        "--project-dir", ROOT / "dbt", "--profiles-dir", ROOT / "dbt", "--target", "embedded",
        "--target-path", work / "target", "--log-path", work / "logs", "--vars", f"lake: {lake}", "--exclude-resource-type", *excluded,
    ]  # fmt: skip
    environment = os.environ | {"BASSLINE_DBT_DATABASE": str(database)}
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return duckdb.connect(str(database), read_only=True)


# The data tests run on one of the logs: they cost dbt more than the models do. Unit tests run in tests/dbt.
@pytest.mark.parametrize(
    ("log", "excluded"),
    [("golden", ["unit_test", "test"]), ("eventsim", ["unit_test"]), ("eventsim_single_stream", ["unit_test", "test"])],
)
def test_every_table_equals_stock_dbts(bassline, tmp_path, log, excluded):
    folder = log_folder(log)
    lake = tmp_path / "lake"
    bassline("ingest", "--lake", lake, "--from", folder / "*.ndjson" if log == "golden" else folder)
    bassline("build", "--lake", lake)
    stock = dbt_build(lake, tmp_path, excluded)
    stock.execute("set TimeZone = 'UTC'")
    native = connect()
    tables = newest_snapshot(lake)["tables"]
    assert len(tables) > 30
    for name, table in tables.items():
        expected = stock.table(f"{table['layer']}.{name}")
        assert_same_rows(name, sorted_rows(relation_of(native, lake, name), set()), sorted_rows(expected, set()))
