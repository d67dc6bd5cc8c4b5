# SPDX-License-Identifier: Apache-2.0
"""A lake as a stranger sees it: its newest snapshot opened with stock DuckDB, sharing no code with the program."""

import json
from pathlib import Path

import duckdb


def newest_snapshot(lake: Path) -> dict:
    """The newest snapshot's JSON; fails if the lake was never built."""
    return json.loads(max((Path(lake) / "_snapshots").glob("*.json")).read_text())


def open_lake(lake: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a view for each published table in the schemas intermediate, silver and gold."""
    connection = duckdb.connect()
    connection.execute("load icu")
    connection.execute("set TimeZone = 'UTC'")
    snapshot = newest_snapshot(lake)
    for layer in ("intermediate", "silver", "gold"):
        connection.execute(f"create schema {layer}")
    for name, table in snapshot["tables"].items():
        files = [str(Path(lake) / file["path"]) for file in table["files"]]
        if files:
            connection.execute(
                f"create view {table['layer']}.{name} as select * from read_parquet({files!r}, hive_partitioning = false)"
            )
    return connection
