# SPDX-License-Identifier: Apache-2.0
"""Power cuts (tests/recovery/crash_points.py) and kills while Kafka is ingested: hours close, are marked complete, and go on."""

import json
import os

import pytest
from crash_points import Workload, marked
from kafka import KafkaProducer
from topics import Topics

STATES = 60
TOPICS, PARTITIONS = ("listen_events", "page_view_events"), 2
HOURS, RECORDS = 3, 12  # of each hour to each partition, and one that will be refused


def produce(bootstrap: str, corpus, hour: int) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for topic in TOPICS:
        lines = (corpus / f"{topic}.ndjson").read_bytes().splitlines()
        times = [json.loads(line)["ts"] for line in lines]
        begin = times[0] // 3_600_000 + hour
        wanted = [(ts, line) for ts, line in zip(times, lines) if ts // 3_600_000 == begin][: RECORDS * PARTITIONS]
        assert len(wanted) == RECORDS * PARTITIONS
        for at, (ts, line) in enumerate(wanted):
            producer.send(topic, line, partition=at % PARTITIONS, timestamp_ms=ts)
        producer.send(topic, b'{"ts": broken', partition=hour % PARTITIONS, timestamp_ms=wanted[-1][0])
    producer.flush()
    producer.close()


@pytest.fixture
def read(broker):
    """Topics of our own, and the options that read them."""
    topics = Topics(broker.bootstrap, names=TOPICS, partitions=PARTITIONS).recreate()
    yield ["--kafka", broker.bootstrap, "--hour-grace", "0s", "--file-bytes", "2KiB",
           "--partitions", ",".join(f"{at.topic}:{at.partition}" for at in topics.all_partitions())]
    topics.delete()


def test_a_power_cut_anywhere_loses_no_reported_commit_and_marks_no_hour_too_early(bassline, broker, corpus, read, tmp_path):
    workload = Workload(bassline, tmp_path, [("ingest", *read), ("verify", "--full")])
    for hour in range(HOURS):
        produce(broker.bootstrap, corpus, hour)
        workload.run("ingest", *read)
    assert len(marked(workload.lake)) == len(TOPICS) * (HOURS - 1), "hours are marked while the power fails"
    workload.expect_every_state_recovers(STATES)


def test_a_kill_before_an_hour_is_marked_leaves_the_mark_to_the_next_run(bassline, broker, corpus, read, tmp_path):
    lake = tmp_path / "lake"
    for hour in range(HOURS):
        produce(broker.bootstrap, corpus, hour)
    for marks in range(len(TOPICS) * (HOURS - 1)):
        environment = {**os.environ, "BASSLINE_FAILPOINTS": f"ingest.kafka_hour_complete=kill@{min(2, marks + 1)}"}
        done = bassline("ingest", "--lake", lake, *read, check=False, env=environment)
        assert done.returncode == -9, done.stderr
        assert len(marked(lake)) == marks
    bassline("ingest", "--lake", lake, *read)
    assert len(marked(lake)) == len(TOPICS) * (HOURS - 1)
    bassline("verify", "--lake", lake, "--full")
