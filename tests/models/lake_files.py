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
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection


def relation_of(connection, lake: Path, name: str):
    return connection.read_parquet(table_files(lake, name), hive_partitioning=False)


def sorted_rows(relation, ignored=DELIVERY_COLUMNS):
    """(columns, types, rows in one order); doubles are rounded to 9 decimals, so sums in another order compare equal."""
    kept = [name for name in relation.columns if name not in ignored]
    types = [str(kind) for name, kind in zip(relation.columns, relation.types, strict=True) if name in kept]
    rows = relation.project(", ".join(f'"{name}"' for name in kept)).fetchall()
    rounded = [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in rows]
    return kept, types, sorted(rounded, key=str)


def assert_same_rows(name, left, right):
    assert left[0] == right[0], f"{name}: columns"
    assert left[1] == right[1], f"{name}: types"
    if left[2] != right[2]:
        ours, theirs = set(left[2]), set(right[2])
        differing = f"{sorted(ours - theirs, key=str)[:3]} / {sorted(theirs - ours, key=str)[:3]}"
        raise AssertionError(f"{name}: {len(left[2])} and {len(right[2])} rows; {differing}")


def assert_same_tables(left: Path, right: Path):
    """Every table of both lakes' newest snapshots, row by row."""
    names = sorted(newest_snapshot(left)["tables"])
    assert names == sorted(newest_snapshot(right)["tables"])
    assert names
    connection = connect()
    for name in names:
        assert_same_rows(
            name,
            sorted_rows(relation_of(connection, left, name)),
            sorted_rows(relation_of(connection, right, name)),
        )


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
