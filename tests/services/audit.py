# SPDX-License-Identifier: Apache-2.0
"""Counts what a lake holds of some Kafka topics against what the broker holds, sharing no code with the ingester.

usage: audit.py LAKE BOOTSTRAP [TOPIC...]

The broker's side comes from a client in pure Python, the lake's from its Parquet files by glob, through DuckDB: no log
of the lake is read. Every offset below an end must be in bronze or quarantine exactly once, with the record's own content.
A record is one row; records of the single stream, which may be two, are not for this program. Prints a line a partition;
exit code 3 if anything differs.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow
from topics import TOPICS, read_all

# Columns of bronze that must say what the record says: (name, type to compare as).
COMPARED = (
    ("ts", "bigint"), ("sessionId", "bigint"), ("itemInSession", "integer"), ("level", "varchar"), ("userId", "varchar"),
    ("page", "varchar"), ("artist", "varchar"), ("song", "varchar"), ("duration", "double"), ("lat", "double"),
    ("city", "varchar"),
    ("success", "boolean"), ("method", "varchar"), ("status", "integer"), ("registration", "bigint"),
)
RAW_BYTES = 1 << 20  # quarantine keeps so much of a record


@dataclass
class Partition:
    topic: str
    partition: int
    records: int
    written: int
    quarantined: int
    missing: int
    duplicate: int
    unknown: int  # offsets in the lake that the broker does not have
    differing: int  # rows whose content is not the record's


@dataclass
class Audit:
    partitions: list[Partition]
    examples: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(p.missing or p.duplicate or p.unknown or p.differing for p in self.partitions)

    @property
    def records(self) -> int:
        return sum(p.records for p in self.partitions)

    @property
    def written(self) -> int:
        return sum(p.written for p in self.partitions)

    @property
    def quarantined(self) -> int:
        return sum(p.quarantined for p in self.partitions)

    def table(self) -> str:
        names = list(Partition.__dataclass_fields__)
        lines = ["".join(f"{name:>22}" if name == "topic" else f"{name:>12}" for name in names)]
        for row in self.partitions:
            lines.append("".join(f"{getattr(row, n):>22}" if n == "topic" else f"{getattr(row, n):>12}" for n in names))
        return "\n".join(lines + self.examples)


def lake_rows(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """The table `lake`: one row a row of bronze or quarantine that came from Kafka; its topic is told by the chain's name."""
    identity = (("source", "varchar"), ("chain", "varchar"), ("source_partition", "integer"), ("source_offset", "bigint"),
                ("source_timestamp", "timestamptz"), ("raw", "blob"), ("raw_bytes", "bigint"), ("file", "varchar"))
    typed = ", ".join(f"null::{kind} as {name}" for name, kind in identity + COMPARED)
    # The empty first part gives every column a type, whichever topics there are.
    parts = [f"select '' as layer, {typed} where false"]
    for layer, folder in (("written", "bronze"), ("quarantined", "_quarantine")):
        files = [str(path) for path in sorted((Path(lake) / folder).rglob("*.parquet"))]
        if files:
            parts.append(f"select '{layer}' as layer, * from read_parquet({files!r}, union_by_name = true,"
                         " hive_partitioning = false, filename = 'file')")
    names = ", ".join(name for name, _ in identity + COMPARED)
    connection.execute(f"create view every_row as {' union all by name '.join(parts)}")
    connection.execute(f"""
        create table lake as
        select layer, {names}, case when regexp_extract(chain, '^kafka-(.*)-([0-9]+)$', 2) = source_partition::varchar
            then regexp_extract(chain, '^kafka-(.*)-([0-9]+)$', 1) end as topic
        from every_row where source = 'kafka'""")


def audit(lake: Path, bootstrap: str, topics=TOPICS, **how: bool) -> Audit:
    records, bounds = read_all(bootstrap, topics)
    return compare(lake, records, bounds, **how)


def compare(lake: Path, records: pyarrow.Table, bounds: dict, framed: bool = False, parsed: bool = True) -> Audit:
    """`framed`: five bytes of Schema Registry framing stand before the JSON. Without `parsed` the fields of written rows are
    not compared, since the records are no JSON; offsets, times and folders are.
    """
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    lake_rows(connection, lake)
    connection.register("records", records)
    head = "value[6:]" if framed else "value"
    connection.execute(f"""
        create table broker as
        select topic, partition, "offset", timestamp_ms, value, {head} as payload from records""")
    connection.execute("""
        create table per_offset as
        select topic, source_partition as partition, source_offset as "offset", count(*) as times,
            count(*) filter (layer = 'written') as written, count(*) filter (layer = 'quarantined') as quarantined
        from lake group by all""")
    _find_differing(connection, parsed)
    rows = connection.execute("""
        with matched as (
            select coalesce(b.topic, l.topic) as topic, coalesce(b.partition, l.partition) as partition,
                b."offset" is not null as known, coalesce(l.times, 0) as times, l.written, l.quarantined
            from broker as b full join per_offset as l
                on b.topic = l.topic and b.partition = l.partition and b."offset" = l."offset"
        )
        select topic, partition, count(*) filter (known), coalesce(sum(written), 0), coalesce(sum(quarantined), 0),
            count(*) filter (known and times = 0), count(*) filter (times > 1), count(*) filter (not known),
            any_value(wrong)
        from matched left join (select topic, partition, count(*) as wrong from differing group by all) using (topic, partition)
        group by topic, partition order by topic, partition""").fetchall()
    found = [Partition(t or "(chain and partition disagree)", p, k, w, q, m, d, u, x or 0) for t, p, k, w, q, m, d, u, x in rows]
    seen = {(p.topic, p.partition) for p in found}
    found += [Partition(t, p, 0, 0, 0, 0, 0, 0, 0) for t, p in bounds if (t, p) not in seen]
    return Audit(sorted(found, key=lambda p: (p.topic, p.partition)), _examples(connection))


def _find_differing(connection: duckdb.DuckDBPyConnection, parsed: bool) -> None:
    """The table `differing`: rows of the lake that do not say what their record says."""
    def said(name: str, kind: str) -> str:
        text = f"json_extract_string(said, '$.\"{name}\"')"
        if kind in ("bigint", "integer"):  # which may come as 3.0 or 7e2
            return f"coalesce(try_cast({text} as {kind}), try_cast(try_cast({text} as double) as {kind}))"
        return f"nullif({text}, '')" if kind == "varchar" else f"try_cast({text} as {kind})"

    checks = {name: f"l.{name}::{kind} is distinct from {said(name, kind)}" for name, kind in COMPARED}
    tests = [f"(json_exists(said, '$.\"{name}\"') and {test})" for name, test in checks.items()]
    connection.execute(f"""
        create table differing as
        with pairs as (
            select l.*, b.value, b.timestamp_ms,
                case when l.layer = 'written' then try_cast(try(decode(case when payload[1:3] = '\\xEF\\xBB\\xBF'::blob
                    then payload[4:] else payload end)) as json) end as said
            from lake as l join broker as b
                on b.topic = l.topic and b.partition = l.source_partition and b."offset" = l.source_offset
        )
        select topic, source_partition as partition, source_offset as "offset", file, case
            when l.timestamp_ms >= 0 and epoch_ms(l.source_timestamp) is distinct from l.timestamp_ms then 'source_timestamp'
            when l.layer = 'quarantined' and (l.raw_bytes <> coalesce(octet_length(l.value), 0)
                or l.raw is distinct from coalesce(l.value[1:{RAW_BYTES}], ''::blob)) then 'raw'
            when {parsed} and l.layer = 'written' and said is null then 'written though no JSON'
            when l.layer = 'written' and l.file not like
                '%/date=' || strftime(make_timestamp(l.ts * 1000), '%Y-%m-%d/hour=%H') || '/%' then 'folder'
            when {parsed} and l.layer = 'written' and ({' or '.join(tests)}) then 'fields' end as what
        from pairs as l where what is not null""")


def _examples(connection: duckdb.DuckDBPyConnection) -> list[str]:
    queries = {
        "missing": """select b.topic, b.partition, b."offset" from broker as b anti join per_offset as l
            on b.topic = l.topic and b.partition = l.partition and b."offset" = l."offset" order by all limit 5""",
        "more than once": """select l.topic, l.source_partition, l.source_offset, l.file from lake as l join per_offset as p
            on p.topic = l.topic and p.partition = l.source_partition and p."offset" = l.source_offset
            where p.times > 1 order by all limit 6""",
        "unknown to the broker": """select l.* from per_offset as l anti join broker as b
            on b.topic = l.topic and b.partition = l.partition and b."offset" = l."offset" order by all limit 5""",
        "differing": 'select topic, partition, "offset", what, file from differing order by all limit 5',
    }
    return [f"{name}: {' '.join(map(str, row))}" for name, query in queries.items()
            for row in connection.execute(query).fetchall()]


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = audit(Path(arguments[0]), arguments[1], arguments[2:] or TOPICS)
    print(found.table())
    return 0 if found.ok else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
