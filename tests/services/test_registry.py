# SPDX-License-Identifier: Apache-2.0
"""Simulated records through a real broker, plain and framed by a real Schema Registry, come out as the same rows."""

import json
import signal
import subprocess
import urllib.error
import urllib.request

import duckdb
import pytest
from audit import audit, compare
from servers import Registry, die_with_parent
from topics import TOPICS, read_all, until

AVRO = json.dumps({"type": "record", "name": "listen", "fields": [{"name": "ts", "type": "long"}]})


def call(url: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        url, None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/vnd.schemaregistry.v1+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_schema_is_registered_once_and_found_by_its_id(registry):
    first = call(f"{registry.url}/subjects/fixture-value/versions", {"schema": AVRO})
    assert call(f"{registry.url}/subjects/fixture-value/versions", {"schema": AVRO}) == first
    found = call(f"{registry.url}/schemas/ids/{first['id']}")
    assert json.loads(found["schema"]) == json.loads(AVRO)


def test_an_unknown_id_has_its_error_code(registry):
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(f"{registry.url}/schemas/ids/999999")
    assert refused.value.code == 404
    assert json.load(refused.value)["error_code"] == 40403


ADDED = "seq, source_partition, source_offset, source_timestamp, ingested_at, chain, schema_id, producer, source"


def simulate_to(bassline, broker, *options) -> int:
    """Records that were acknowledged; the same ones every time."""
    done = bassline("simulate", "--kafka", broker.bootstrap, "--users", 3000, "--from", "2025-03-01T12:00:00Z",
                    "--to", "2025-03-01T18:00:00Z", "--seed", 7, "--json", *options)
    return sum(topic["acked"] for topic in json.loads(done.stdout)["deliveries"].values())


def rows(lake, topic: str) -> list[tuple]:
    """What the producer said, whatever way it came."""
    return duckdb.sql(f"select * exclude ({ADDED}) from read_parquet('{lake}/bronze/{topic}/**/*.parquet',"
                      " hive_partitioning = false) order by all").fetchall()


@pytest.fixture
def plain(bassline, broker, topics, tmp_path):
    """A lake of the records as plain JSON; the topics are empty again."""
    sent = simulate_to(bassline, broker)
    bassline("ingest", "--lake", tmp_path / "plain", "--kafka", broker.bootstrap)
    found = audit(tmp_path / "plain", broker.bootstrap)
    assert found.ok, found.table()
    assert found.written == found.records == sent > 500
    topics.recreate()
    return tmp_path / "plain"


@pytest.mark.parametrize("encoding", ["json", "avro"])
def test_framed_records_give_the_same_rows(encoding, bassline, broker, registry, plain, tmp_path):
    sent = simulate_to(bassline, broker, "--schema-registry", registry.url, "--encoding", encoding)
    lake = tmp_path / "lake"
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap, "--schema-registry", registry.url)
    records, bounds = read_all(broker.bootstrap, TOPICS)
    assert all(value[:1] == b"\0" for value in records["value"].to_pylist())
    found = compare(lake, records, bounds, framed=True, parsed=encoding == "json")
    assert found.ok, found.table()
    assert found.written == found.records == sent
    for topic in TOPICS:
        assert rows(lake, topic) == rows(plain, topic), topic
    ids = duckdb.sql(f"select count(*) from read_parquet('{lake}/bronze/*/**/*.parquet', union_by_name = true,"
                     " hive_partitioning = false) where schema_id is null").fetchone()
    assert ids == (0,), "every row names its schema"


def test_a_registry_that_is_away_is_waited_for(bassline, broker, topics, tmp_path):
    """Nothing is quarantined meanwhile; afterwards all is there, and schemas once seen are known without it."""
    lake, words = tmp_path / "lake", tmp_path / "words"
    with Registry(tmp_path / "own") as own:
        def ingest():
            return [bassline.binary, "ingest", "--lake", lake, "--kafka", broker.bootstrap, "--schema-registry", own.url]

        sent = simulate_to(bassline, broker, "--schema-registry", own.url, "--encoding", "avro")
        own.process.send_signal(signal.SIGSTOP)  # ended and started again, this one would have forgotten its schemas
        with words.open("wb") as log, subprocess.Popen(ingest(), stdout=log, stderr=log, preexec_fn=die_with_parent) as waiting:
            try:
                until(lambda: b"degraded" in words.read_bytes(), "it says that it waits")
                assert waiting.poll() is None, words.read_text()
                assert not list(lake.rglob("*.parquet"))
                own.process.send_signal(signal.SIGCONT)
                assert waiting.wait(120) == 0, words.read_text()
            finally:
                waiting.kill()
        sent += simulate_to(bassline, broker, "--schema-registry", own.url, "--encoding", "avro")
        own.kill()
        subprocess.run(ingest(), check=True, timeout=120, capture_output=True)  # what came meanwhile
    found = audit(lake, broker.bootstrap, parsed=False)
    assert found.ok, found.table()
    assert (found.written, found.quarantined) == (sent, 0)
