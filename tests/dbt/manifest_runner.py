# SPDX-License-Identifier: Apache-2.0
"""Runs dbt's compiled manifest in DuckDB as an incremental runtime would, to test the models' scope.

The published state is a set of tables that outlives the builds. A build creates a fresh database, finds its scope with
the analysis named scope, runs the models in order, and replaces the published rows of the written dates. Data tests
are not run. The rules are those of dbt/README.md.
"""

import datetime
import json
import pathlib

import duckdb
import pyarrow as pa
from bronze_from_ndjson import TOPICS, event_files, rows_of, schema_of
from dbt_project import DBT

QUARANTINE = pa.schema(
    [
        ("topic", pa.string()),
        ("reason", pa.string()),
        ("raw_bytes", pa.int64()),
        ("ingested_at", pa.timestamp("us", tz="UTC")),
    ]
)
DATES = "(select event_date from bassline.run.scope where is_written)"


class Manifest:
    def __init__(self, path):
        nodes = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["nodes"].values()
        self.seeds = [node for node in nodes if node["resource_type"] == "seed"]
        self.models = _in_order([node for node in nodes if node["resource_type"] == "model"])
        self.scope = next(n for n in nodes if n["resource_type"] == "analysis" and n["name"] == "scope")


def _in_order(models):
    waiting = {model["unique_id"]: model for model in models}
    ordered = []
    while waiting:
        ready = [m for m in waiting.values() if not waiting.keys() & set(m["depends_on"]["nodes"])]
        for model in ready:
            ordered.append(waiting.pop(model["unique_id"]))
    return ordered


class Runtime:
    """One lake's published state; load() adds rows to bronze, build() brings the models up to date."""

    def __init__(self, manifest, seed_root):
        self._manifest = manifest
        self._seed_root = pathlib.Path(seed_root)
        self._bronze = {}
        self._published = set()
        self._watermark = None
        self._connection = duckdb.connect(config={"threads": 1})  # small tables: a second thread costs more than it gives
        self._connection.execute("set timezone = 'UTC'; attach ':memory:' as lake; attach ':memory:' as bassline")

    def load(self, topic, rows):
        """Adds the rows of an Arrow table to a bronze topic; they are touched until the next build."""
        self._connection.register("arrived", rows)
        into = f"lake.{topic}_"
        if topic in self._bronze:
            self._connection.execute(f"insert into {into} by name select *, true as is_new from arrived")
        else:
            self._connection.execute(f"create table {into} as select *, true as is_new from arrived")
        self._connection.unregister("arrived")
        self._bronze[topic] = into

    def build(self, is_full=False):
        """Builds, publishes, and returns {date: is_written}."""
        run = self._connection.execute
        run("use lake; detach bassline; attach ':memory:' as bassline; use bassline; create schema run; create schema bronze")
        for topic, table in self._bronze.items():
            run(f"create view bronze.{topic} as select * exclude (is_new) from {table}")
        self._create_scope(is_full or not self._published)
        for seed in self._manifest.seeds:
            run(f"create schema if not exists {seed['schema']}")
            run(f"create table {seed['relation_name']} as from '{self._seed_root / seed['original_file_path']}'")
        for model in self._manifest.models:
            run(f"create schema if not exists {model['schema']}")
            self._build_model(model)
        self._publish()
        return dict(run("select * from run.scope order by 1").fetchall())

    def _create_scope(self, is_full):
        run = self._connection.execute
        topics = [table for topic, table in self._bronze.items() if topic != "quarantine"]
        dates = " union all ".join(f"select ts, is_new from {table}" for table in topics)
        day = "date '1970-01-01' + cast(ts // 86400000 as integer)"
        run(f"create table run.touched as select distinct {day} as event_date, false as is_expired from ({dates}) where is_new")
        watermark = run(f"select max(ts) from ({dates})").fetchone()[0]
        run("create table run.context (watermark_ms bigint, previous_watermark_ms bigint, is_full boolean)")
        run("insert into run.context values (?, ?, ?)", [watermark, self._watermark, is_full])
        self._watermark = watermark
        if is_full:
            run(f"create table run.scope as select distinct {day} as event_date, true as is_written from ({dates})")
            run("create table run.needed_sessions (event_date date, producer varchar, session_id bigint)")
            return
        for topic, table in self._bronze.items():
            run(f"create or replace view bronze.{topic} as select * exclude (is_new) from {table} where is_new")
        parents = [m for m in self._manifest.models if m["unique_id"] in self._manifest.scope["depends_on"]["nodes"]]
        for parent in parents:
            run(f"create schema if not exists {parent['schema']}")
            self._create_scopes_view(parent)
        run(f"create table found as {self._manifest.scope['compiled_code']}")
        run("create table run.scope as select distinct event_date, is_written from found")
        run("create table run.needed_sessions as select event_date, producer, session_id from found where not is_written")
        for parent in parents:
            run(f"drop view {parent['relation_name']}")
        for topic, table in self._bronze.items():
            run(f"create or replace view bronze.{topic} as select * exclude (is_new) from {table}")

    def _create_scopes_view(self, model):
        # The scope knows the tables as published, and of bronze what is new.
        select = f"from lake.{model['name']}"
        if model["name"].startswith("stg_"):
            select = model["compiled_code"]
        self._connection.execute(f"create view {model['relation_name']} as {select}")

    def _build_model(self, model):
        run, name, relation = self._connection.execute, model["name"], model["relation_name"]
        kind = model["config"]["materialized"]
        if name.startswith("stg_"):
            # As little of bronze as a real runtime shows: written dates, and of others the sessions that are needed.
            where = "" if "quarantine" in name else (
                f" where event_date in {DATES} or (event_date, producer, session_id)"
                " in (select (event_date, producer, session_id) from run.needed_sessions)"
            )
            run(f"create view {relation} as select * from ({model['compiled_code']}){where}")
        elif kind == "incremental":
            run(f"create table {relation} as {model['compiled_code']}")
            stray = run(f"select count(*) from {relation} where event_date not in {DATES}").fetchone()[0]
            assert stray == 0, f"{name} has {stray} rows of dates that are not written"
            if name in self._published:
                run(f"insert into {relation} select * from lake.{name} where event_date not in {DATES}")
        elif kind != "ephemeral":
            # A view that several models read is computed once a build, as the native runtime does.
            run(f"create table {relation} as {model['compiled_code']}")

    def _publish(self):
        for model in self._manifest.models:
            if model["config"]["materialized"] in ("table", "incremental"):
                self._connection.execute(f"create or replace table lake.{model['name']} as from {model['relation_name']}")
                self._published.add(model["name"])
        for table in self._bronze.values():
            self._connection.execute(f"update {table} set is_new = false")

    @property
    def connection(self):
        """Where the last build's relations are, named as the models name them."""
        return self._connection

    def tables(self):
        return sorted(self._published)

    def rows(self, table):
        """Every row of a published table, in one fixed order."""
        return self._connection.execute(f"select * from lake.{table} order by all").fetchall()


def events_of(folder, producer=None):
    """(topic, bronze row) of each event of a log."""
    at = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
    return [event for number, path in enumerate(event_files(folder)) for event in rows_of(path, number, producer, at, 0)]


def _load(runtime, events):
    runtime.load("quarantine", QUARANTINE.empty_table())
    for topic in TOPICS:
        schema = schema_of(topic)
        rows = [{name: row.get(name) for name in schema.names} for kind, row in events if kind == topic]
        runtime.load(topic, pa.Table.from_pylist(rows, schema=schema))


def built_in_parts(manifest, parts):
    """(runtime, scopes) after a build for each part."""
    runtime = Runtime(manifest, DBT)
    scopes = []
    for part in parts:
        _load(runtime, part)
        scopes.append(runtime.build())
    return runtime, scopes
