# SPDX-License-Identifier: Apache-2.0
"""Where going on would mean guessing, ingest stops with the partition and the range; nothing is lost or invented."""

import json

import pytest
from audit import compare
from ingester import Ingester, KafkaLake
from servers import PASSWORD, Broker, secure_settings
from topics import TOPICS, Topics, read_all, until


@pytest.fixture
def lake(bassline, broker, topics, corpus, feed, tmp_path):
    """A lake that drained 8000 records; the same number came later."""
    def send():
        with feed(broker.bootstrap, corpus, "--records", 8000) as feeder:
            feeder.finish()

    send()
    bassline("ingest", "--lake", tmp_path / "lake", "--kafka", broker.bootstrap)
    send()
    return tmp_path / "lake"


def ingest(bassline, lake, bootstrap, *options):
    return bassline("ingest", "--lake", lake, "--kafka", bootstrap, *options, check=False, timeout=120)


def entries(lake):
    """Names and contents of all logs, to see that a stop leaves them alone."""
    return {path: path.read_bytes() for path in (lake / "_ingest").rglob("log/*.json")}


def chain_end(lake, topic: str, partition: int) -> int:
    """0 before the first batch."""
    newest = max((lake / "_ingest" / f"kafka-{topic}-{partition}" / "log").glob("*.json"), default=None)
    ranges = json.loads(newest.read_text())["ranges"] if newest else []
    return ranges[-1]["end"] if ranges else 0


def test_records_that_retention_took_stop_it_until_the_gap_is_accepted(bassline, broker, topics, lake):
    records, bounds = read_all(broker.bootstrap, TOPICS)
    ours = chain_end(lake, "listen_events", 1)
    first = ours + 57
    topics.delete_records("listen_events", 1, first)

    before = entries(lake)
    stopped = ingest(bassline, lake, broker.bootstrap)
    assert stopped.returncode == 3, stopped.stderr
    assert "listen_events" in stopped.stderr and f"{ours}..{first}" in stopped.stderr, stopped.stderr
    assert "--accept-gap" in stopped.stderr
    chain = lake / "_ingest/kafka-listen_events-1"
    assert {p: b for p, b in before.items() if chain in p.parents} == {
        p: b for p, b in entries(lake).items() if chain in p.parents}, "the partition with the gap is left alone"

    accepted = ingest(bassline, lake, broker.bootstrap, "--accept-gap")
    assert accepted.returncode == 0, accepted.stderr
    verified = bassline("verify", "--lake", lake, "--full").stdout
    assert "57 offsets were accepted as lost" in verified, verified
    lost = [row["topic"] == "listen_events" and row["partition"] == 1 and ours <= row["offset"] < first
            for row in records.select(["topic", "partition", "offset"]).to_pylist()]
    assert sum(lost) == 57
    found = compare(lake, records.filter([not gone for gone in lost]), bounds)
    assert found.ok, found.table()


def test_a_topic_made_again_stops_it(bassline, broker, topics, lake, corpus, feed):
    topics.recreate("listen_events")
    with feed(broker.bootstrap, corpus) as feeder:  # more than before, so that offsets alone would not tell
        feeder.finish()
    before = entries(lake)
    stopped = ingest(bassline, lake, broker.bootstrap)
    assert stopped.returncode == 3, stopped.stderr
    assert "listen_events" in stopped.stderr
    after = entries(lake)
    assert {p: b for p, b in before.items() if "kafka-listen_events-" in str(p)} == {
        p: b for p, b in after.items() if "kafka-listen_events-" in str(p)}


def test_another_cluster_stops_it(bassline, lake, corpus, feed, tmp_path):
    with Broker(tmp_path / "other") as other:
        Topics(other.bootstrap).create()
        with feed(other.bootstrap, corpus) as feeder:
            feeder.finish()
        before = entries(lake)
        stopped = ingest(bassline, lake, other.bootstrap)
    assert stopped.returncode == 3, stopped.stderr
    assert "cluster" in stopped.stderr
    assert entries(lake) == before


def test_a_damaged_chain_stops_it(bassline, broker, lake):
    newest = max((lake / "_ingest/kafka-listen_events-0/log").glob("*.json"))
    newest.write_bytes(newest.read_bytes().replace(b'"end"', b'"eNd"', 1))
    before = entries(lake)
    stopped = ingest(bassline, lake, broker.bootstrap)
    assert stopped.returncode == 3, stopped.stderr
    assert "kafka-listen_events-0" in stopped.stderr
    chain = newest.parent
    assert {p: b for p, b in before.items() if chain in p.parents} == {
        p: b for p, b in entries(lake).items() if chain in p.parents}


def test_a_broker_that_is_away_at_the_start_is_said(bassline, tmp_path):
    done = bassline("ingest", "--lake", tmp_path / "lake", "--kafka", "127.0.0.1:9", check=False, timeout=120)
    assert done.returncode == 4, done.stderr
    assert "127.0.0.1:9" in done.stderr


def test_a_login_that_is_withdrawn_while_it_follows_ends_it(bassline, corpus, feed, tmp_path):
    with Broker(tmp_path / "strict") as broker:
        Topics(broker.bootstrap).create()
        with feed(broker.bootstrap, corpus, "--records", 2000) as feeder:
            sent = sum(feeder.finish().values())
        settings = secure_settings(tmp_path, broker.folder / "ca.pem", "PLAIN")
        ingester = Ingester(bassline.binary, KafkaLake(tmp_path / "lake"), broker.secure, "--kafka-config", settings,
                            "--commit-interval", "200ms", log=tmp_path / "ingest.log")
        ends = Topics(broker.bootstrap).ends()
        until(lambda: all(chain_end(tmp_path / "lake", *partition) == end for partition, end in ends.items()), "all committed")
        broker.stop()
        rules = broker.folder / "server.properties"
        rules.write_text(rules.read_text().replace(f'="{PASSWORD}"', '="another"'))
        broker.start()
        assert ingester.process.wait(180) == 2, ingester.log.read_text()  # a refusal has to last a minute
        assert "do not let us in" in ingester.log.read_text()
    assert json.loads(bassline("verify", "--lake", tmp_path / "lake", "--json").stdout)["rows"] == sent
