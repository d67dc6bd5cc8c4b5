# SPDX-License-Identifier: Apache-2.0
"""Records of a real broker go into the lake, each once, through plain text and through TLS with SASL."""

import json

import pytest
from audit import audit
from servers import PASSWORD, USER
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


def secure_settings(folder, certificate, mechanism="SCRAM-SHA-512", password=PASSWORD):
    """A file that only we may read: where secrets belong."""
    path = folder / "client.properties"
    path.write_text(
        f"security.protocol=SASL_SSL\nssl.ca.location={certificate}\nsasl.mechanism={mechanism}\n"
        f"sasl.username={USER}\nsasl.password={password}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_tls_and_sasl(mechanism, bassline, broker, topics, corpus, feed, tmp_path):
    with feed(topics.bootstrap, corpus, "--records", 4000) as feeder:
        feeder.finish()
    settings = secure_settings(tmp_path, broker.folder / "ca.pem", mechanism)
    ingest(bassline, tmp_path / "lake", broker.secure, "--kafka-config", settings)
    found = audit(tmp_path / "lake", broker.bootstrap)
    assert found.ok, found.table()
    assert found.written == 4000


@pytest.mark.parametrize("what", ["certificate", "password"])
def test_a_broker_that_is_not_trusted_or_does_not_trust_us_is_refused(what, bassline, broker, topics, tmp_path):
    certificate = broker.folder / ("other-ca.pem" if what == "certificate" else "ca.pem")
    settings = secure_settings(tmp_path, certificate, password="wrong" if what == "password" else PASSWORD)
    done = bassline("ingest", "--lake", tmp_path / "lake", "--kafka", broker.secure, "--kafka-config", settings, check=False,
                    timeout=60)
    assert done.returncode in (2, 4), done.stderr
    assert ("certificate" if what == "certificate" else "uthentication") in done.stderr
    assert PASSWORD not in done.stderr and "wrong" not in done.stderr
    assert not list((tmp_path / "lake").rglob("*.parquet"))


def test_topics_are_named_when_they_are_missing(bassline, broker, topics, tmp_path):
    topics.delete("auth_events")
    done = bassline("ingest", "--lake", tmp_path / "lake", "--kafka", broker.bootstrap, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "auth_events" in done.stderr
    assert set(TOPICS) - {"auth_events"} <= set(topics.admin.list_topics())
