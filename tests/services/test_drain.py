# SPDX-License-Identifier: Apache-2.0
"""Records of a real broker go into the lake, each once, through plain text and through TLS with SASL."""

import json

import duckdb
import pytest
from audit import audit
from kafka import KafkaProducer
from servers import PASSWORD, secure_settings
from topics import TOPICS
from traffic import lines_in


@pytest.fixture
def fed(topics, corpus, feed):
    """The topics, holding the corpus; and how many records that is."""
    with feed(topics.bootstrap, corpus) as feeder:
        sent = sum(feeder.finish().values())
    assert sent == lines_in(corpus) == sum(topics.ends().values())
    return sent


def ingest(bassline, lake, bootstrap: str, *options) -> dict:
    done = bassline("ingest", "--lake", lake, "--kafka", bootstrap, "--json", *options)
    return json.loads(done.stdout)["topics"]


def total(answer: dict, key: str) -> int:
    return sum(topic[key] for topic in answer.values())


def test_a_drain_takes_every_record_once(bassline, broker, fed, tmp_path):
    lake = tmp_path / "lake"
    answer = ingest(bassline, lake, broker.bootstrap)
    assert total(answer, "consumed") == fed == total(answer, "written") + total(answer, "quarantined")
    found = audit(lake, broker.bootstrap)
    assert found.ok, found.table()
    assert (found.records, found.written) == (fed, fed)

    again = ingest(bassline, lake, broker.bootstrap)
    assert total(again, "consumed") == 0
    assert audit(lake, broker.bootstrap).written == fed, "a second drain adds nothing"


def test_verify_and_build_take_such_a_lake(bassline, broker, fed, topics, tmp_path):
    lake = tmp_path / "lake"
    ingest(bassline, lake, broker.bootstrap)
    verified = json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)
    assert verified["ok"]
    ends = {f"kafka-{topic}-{partition}": end for (topic, partition), end in topics.ends().items()}
    rows = {p["chain_name"]: p["rows"] + p["quarantined"] for p in verified["partitions"]}
    assert {chain: end for chain, end in ends.items() if end} == {chain: n for chain, n in rows.items() if n}
    assert not any(p["missing"] or p["duplicate"] for p in verified["partitions"])

    built = json.loads(bassline("build", "--lake", lake, "--json").stdout)
    assert built["tests"]["fail"] == 0
    counted = bassline("query", "--lake", lake, "--format", "json", "select count(*) as n from silver.fact_listen_events")
    assert json.loads(counted.stdout)[0]["n"] == topics.ends()[("listen_events", 0)] + sum(
        topics.ends()[("listen_events", n)] for n in (1, 2, 3))


def test_what_comes_later_is_added_alone(bassline, broker, topics, corpus, feed, tmp_path):
    lake = tmp_path / "lake"
    for _ in range(3):
        with feed(topics.bootstrap, corpus, "--records", 5000) as feeder:
            sent = sum(feeder.finish().values())
        assert total(ingest(bassline, lake, broker.bootstrap), "consumed") == sent
    found = audit(lake, broker.bootstrap)
    assert found.ok, found.table()
    assert found.written == 15_000


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_tls_and_sasl(mechanism, bassline, broker, topics, corpus, feed, tmp_path):
    with feed(topics.bootstrap, corpus, "--records", 4000) as feeder:
        feeder.finish()
    settings = secure_settings(tmp_path, broker.folder / "ca.pem", mechanism)
    ingest(bassline, tmp_path / "lake", broker.secure, "--kafka-config", settings)
    found = audit(tmp_path / "lake", broker.bootstrap)
    assert found.ok, found.table()
    assert found.written == 4000


@pytest.mark.parametrize("what", ["certificate", "password", "mechanism"])
def test_a_broker_that_is_not_trusted_or_does_not_trust_us_is_refused(what, bassline, broker, topics, tmp_path):
    settings = secure_settings(
        tmp_path, broker.folder / ("other-ca.pem" if what == "certificate" else "ca.pem"),
        mechanism="SCRAM-SHA-256" if what == "mechanism" else "SCRAM-SHA-512",
        password="wrong" if what == "password" else PASSWORD)
    for command in (("ingest", "--lake", tmp_path / "lake"), ("simulate", "--users", 10, "--from", "2025-03-01", "--to",
                                                              "2025-03-02")):
        done = bassline(*command, "--kafka", broker.secure, "--kafka-config", settings, check=False, timeout=60)
        assert done.returncode == 2, done.stderr
        assert "do not let us in" in done.stderr
        assert ("ssl.ca.location" if what == "certificate" else "sasl.mechanism") in done.stderr
        assert PASSWORD not in done.stderr and "wrong" not in done.stderr
    assert not list((tmp_path / "lake").rglob("*.parquet"))


def test_late_events_go_beside_bronze_and_hours_that_all_partitions_passed_are_marked(bassline, broker, fed, corpus, tmp_path):
    lake, producer = tmp_path / "lake", KafkaProducer(bootstrap_servers=broker.bootstrap)
    for line in (corpus / "listen_events.ndjson").read_bytes().splitlines()[:200]:  # once more, two hours after they happened
        producer.send("listen_events", value=line, timestamp_ms=json.loads(line)["ts"] + 7_200_000)
    producer.flush(timeout=60)
    producer.close()
    done = bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap, "--json", "--late", "side", "--late-after", "1h")
    answer = json.loads(done.stdout)
    assert total(answer["topics"], "consumed") == fed + 200
    assert answer["topics"]["listen_events"]["late"] == total(answer["topics"], "late") == 200
    files = sorted(str(path) for path in lake.glob("_late/listen_events/*/*/*.parquet"))
    assert duckdb.sql(f"select count(*) from read_parquet({files})").fetchone() == (200,)

    marks = list(lake.glob("bronze/*/*/*/_SUCCESS"))
    assert len(marks) == sum(answer["hours_completed"].values()) > 0
    newest = max(lake.glob("bronze/listen_events/*/*"))
    assert not (newest / "_SUCCESS").exists(), "events may still come for it"
    assert any(mark.parent.parent.parent.name == "listen_events" for mark in marks)
    verified = json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)
    assert verified["ok"] and verified["rows_late"] == 200, verified["findings"]


def test_topics_are_named_when_they_are_missing(bassline, broker, topics, tmp_path):
    topics.delete("auth_events")
    done = bassline("ingest", "--lake", tmp_path / "lake", "--kafka", broker.bootstrap, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "auth_events" in done.stderr
    assert set(TOPICS) - {"auth_events"} <= set(topics.admin.list_topics())
