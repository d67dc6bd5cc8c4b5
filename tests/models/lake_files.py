# SPDX-License-Identifier: Apache-2.0
"""A lake's newest snapshot as rows, and how two lakes are compared."""

import json
from pathlib import Path

import duckdb

# Where a row came from depends on how the same events were delivered, what it says does not.
DELIVERY_COLUMNS = {"ingested_at", "chain", "seq", "source_partition", "source_offset", "first_offset", "last_offset"}


def newest_snapshot(lake: Path) -> dict:
    return json.loads(sorted((lake / "_snapshots").glob("[0-9]*.json"))[-1].read_text())


def snapshot_numbers(lake: Path) -> list[int]:
    return [int(path.stem) for path in sorted((lake / "_snapshots").glob("[0-9]*.json"))]


def table_files(lake: Path, name: str) -> list[str]:
    return [str(lake / file["path"]) for file in newest_snapshot(lake)["tables"][name]["files"]]


def connect():
    connection = duckdb.connect(config={"threads": 1})  # small tables: a second thread costs more than it gives
    connection.execute("set TimeZone = 'UTC'")
    return connection


def relation_of(connection, lake: Path, name: str):
    return connection.read_parquet(table_files(lake, name), hive_partitioning=False)


def columns_of(relation, ignored=frozenset()) -> dict[str, str]:
    """Type by name, without those ignored."""
    kinds = zip(relation.columns, map(str, relation.types), strict=True)
    return {name: kind for name, kind in kinds if name not in ignored}


def assert_same_rows(connection, name, left, right, ignored=frozenset()):
    """Two relations of the connection as bags of rows; doubles are rounded to 9 decimals, so sums in another order are equal."""
    columns = columns_of(left, ignored)
    assert columns == columns_of(right, ignored), f"{name}: columns and types"
    shown = ", ".join(f'round("{column}", 9)' if kind == "DOUBLE" else f'"{column}"' for column, kind in columns.items())
    connection.execute(f"create or replace temp table compared_left as {left.project(shown).sql_query()}")
    connection.execute(f"create or replace temp table compared_right as {right.project(shown).sql_query()}")
    for ours, theirs in (("left", "right"), ("right", "left")):
        extra = connection.sql(f"from compared_{ours} except all from compared_{theirs}").limit(3).fetchall()
        assert extra == [], f"{name}: only {ours}: {extra}"


def assert_same_tables(left: Path, right: Path):
    """Every table of both lakes' newest snapshots, row by row."""
    names = sorted(newest_snapshot(left)["tables"])
    assert names == sorted(newest_snapshot(right)["tables"])
    assert names
    connection = connect()
    for name in names:
        lefts, rights = (relation_of(connection, lake, name) for lake in (left, right))
        assert_same_rows(connection, name, lefts, rights, DELIVERY_COLUMNS)


def assert_projection_is_newest(lake: Path):
    """The fixed names show exactly the newest snapshot's silver and gold."""
    wanted = {}
    for name, table in newest_snapshot(lake)["tables"].items():
        if table["layer"] == "intermediate":
            continue
        for file in table["files"]:
            date = file["event_date"]
            folder = Path(table["layer"]) / name / (f"event_date={date}" if date else "")
            wanted[str(folder / f"{name}.parquet")] = (lake / file["path"]).read_bytes()
    found = {
        str(path.relative_to(lake)): path.read_bytes()
        for layer in ("silver", "gold")
        for path in (lake / layer).rglob("*")
        if path.is_file()
    }
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    assert int((lake / "_snapshots/projected").read_text()) == newest_snapshot(lake)["n"]
