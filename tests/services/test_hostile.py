# SPDX-License-Identifier: Apache-2.0
"""Records that are wrong in every way we know: counted to the record, kept with their bytes, within the memory given."""

import json
import os
import subprocess
import tempfile
import time
from collections import Counter

import duckdb
import pytest
from audit import audit
from hostile_records import DATE, GOOD, HOSTILE, TOPIC
from ingester import KafkaLake
from kafka import KafkaProducer
from servers import die_with_parent
from traffic import simulate

RECORDS = int(os.environ.get("BASSLINE_HOSTILE_RECORDS", "100000"))
USERS_PER_RECORD = 1.1
FAULTS = "malformed=0.05,late=0.01,duplicate=0.01,out_of_order=0.01"
HOSTILE_EVERY = 200  # records, after which one comes that no file could hold
KINDS_OF_DAMAGE = 82
MEMORY_MB = 512
PROGRAM_MB = 100  # the program and its libraries, beside what it is given


def ingest_measured(bassline, lake, bootstrap) -> tuple[dict, int]:
    """The answer, and the most memory the process held, in MB."""
    with tempfile.TemporaryFile("w+") as words:
        child = subprocess.Popen(
            [bassline.binary, "ingest", "--lake", lake, "--kafka", bootstrap, "--json", "--memory", f"{MEMORY_MB}MiB"],
            stdout=subprocess.PIPE, stderr=words, text=True, preexec_fn=die_with_parent)  # noqa: PLW1509
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        assert child.returncode == 0, words.read()[-3000:]
    return json.loads(out)["topics"], usage.ru_maxrss // 1024


def reasons(lake) -> dict[str, int]:
    """Quarantined records by reason."""
    return dict(duckdb.sql(
        f"select reason, count(*) from read_parquet('{lake}/_quarantine/**/*.parquet', hive_partitioning = false)"
        " group by reason").fetchall())


def expected_counts(key: dict, hostile: dict[str, int]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Refusals by reason and good rows by topic and date: of the simulator's answer key, and of the records beside it."""
    refused, good = Counter(), {topic: Counter(dates) for topic, dates in key["bronze"].items()}
    for by_reason in key["quarantine"].values():
        refused.update(by_reason)
    for kind in HOSTILE:
        if kind.reason is None:
            good[TOPIC][DATE] += hostile[kind.name]
        else:
            refused[kind.reason] += hostile[kind.name]
    return dict(refused), {topic: dict(dates) for topic, dates in good.items()}


def written(lake) -> dict[str, dict[str, int]]:
    """Rows of bronze by topic and date, as its folders and their ts say."""
    found: dict[str, dict[str, int]] = {}
    for folder in (lake / "bronze").iterdir():
        rows = duckdb.sql(
            f"select strftime(make_timestamp(ts * 1000), '%Y-%m-%d'), count(*) from read_parquet('{folder}/**/*.parquet',"
            " hive_partitioning = false) group by all").fetchall()
        found[folder.name] = dict(rows)
    return found


def table(key: dict, hostile: dict[str, int]) -> str:
    """Each class and how often it was met."""
    stream = {fault: sum(sum(dates.values()) for dates in topics.values())
              for fault, topics in key["faults"].items() if fault != "malformed"}
    counts = {**stream, **key["malformed"], **hostile}
    return "\n".join(f"{name:<28}{count:>8}" for name, count in counts.items()) + f"\n{len(counts)} classes"


def test_damaged_records_are_counted_by_class(bassline, broker, topics, feed, tmp_path):
    key_file = tmp_path / "key.json"
    corpus = simulate(bassline, tmp_path / "corpus", int(RECORDS * USERS_PER_RECORD), "--faults", FAULTS,
                      "--answer-key", key_file)
    with feed(broker.bootstrap, corpus, "--hostile-every", HOSTILE_EVERY) as feeder:
        sent = sum(feeder.finish().values())
    key = json.loads(key_file.read_text())
    lake = tmp_path / "lake"
    began = time.monotonic()
    answer, peak = ingest_measured(bassline, lake, broker.bootstrap)
    print(f"\n{sent} records, ingested in {time.monotonic() - began:.1f} s, peak {peak} MB\n{table(key, feeder.hostile)}")

    assert set(key["faults"]) == {part.split("=")[0] for part in FAULTS.split(",")}
    assert len(key["malformed"]) == KINDS_OF_DAMAGE, "say so in --help and docs/formats/simulator.md too"
    assert all(key["malformed"].values()), "a kind of damage was not met"
    assert set(feeder.hostile) == {kind.name for kind in HOSTILE}
    refused, good = expected_counts(key, feeder.hostile)
    print(refused)
    assert reasons(lake) == refused
    assert written(lake) == good
    refusals = sum(refused.values())
    assert refusals > 0.03 * sent
    assert sum(topic["quarantined"] for topic in answer.values()) == refusals
    assert sum(topic["consumed"] for topic in answer.values()) == sent
    found = audit(lake, broker.bootstrap)
    assert found.ok, found.table()
    assert (found.records, found.quarantined) == (sent, refusals)
    assert peak < MEMORY_MB + PROGRAM_MB
    bassline("verify", "--lake", lake, "--full")


def test_records_that_no_file_could_hold(bassline, broker, topics, corpus, tmp_path):
    """A record is one, whatever its bytes: with newlines, empty, without a value, of megabytes, without a key."""
    good = (corpus / "listen_events.ndjson").read_bytes().splitlines()[0]
    spread = json.dumps(json.loads(good), indent=2).encode()
    nested = b"[" * 100_000
    values = [
        good, spread, b"\n" + good + b"\n", b"\xef\xbb\xbf" + good, None, b"", b"   ", b"\0", b"\xff\xfe" * 100, nested,
        b'{"song":"' + b"x" * (5 << 20) + b'"}', good + b"\n" + good, good[:-1], b"\0\0\0\0\1" + good, b"null", b"[]", b"1",
    ]
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, compression_type="zstd", max_request_size=16 << 20)
    for value in values:
        producer.send("listen_events", value=value, key=b"\xff\0", partition=0, headers=[("h", b"\xff")])
    producer.flush()
    producer.close()

    lake = tmp_path / "lake"
    answer, _ = ingest_measured(bassline, lake, broker.bootstrap)
    found = audit(lake, broker.bootstrap)
    print("\n" + found.table(), reasons(lake))
    assert found.ok, found.table()
    assert found.records == len(values) == sum(topic["consumed"] for topic in answer.values())
    assert found.written == 4, "good, spread over lines, between newlines, behind a byte order mark"
    assert len(KafkaLake(lake).chains()) == 16
    bassline("verify", "--lake", lake, "--full")


@pytest.mark.parametrize(("codec", "exit_code"), [("zstd", 3), ("gzip", 0)])
def test_a_batch_that_expands_without_end_is_a_named_stop(bassline, broker, topics, codec, exit_code, tmp_path):
    """200 MB in a few kilobytes. librdkafka expands zstd up to a limit and gzip whatever it is; then the record is refused."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, compression_type=codec, max_request_size=256 << 20)
    for value in (GOOD, b"x" * (200 << 20), GOOD):
        producer.send(TOPIC, value=value, key=b"7", partition=0).get(60)  # each in a batch of its own
    producer.close()
    lake = tmp_path / "lake"
    ingest = ("ingest", "--lake", lake, "--kafka", broker.bootstrap)
    done = bassline(*ingest, check=False)
    assert done.returncode == exit_code
    if exit_code:
        assert f"{TOPIC} p=0 at offset 1" in done.stderr, done.stderr
        assert "damaged or unreadable batch, which is not passed over" in done.stderr
        bassline(*ingest, "--kafka-property", "receive.message.max.bytes=300000000")
    assert reasons(lake) == {"oversize": 1}
    found = audit(lake, broker.bootstrap)
    assert found.ok, found.table()
    assert (found.records, found.written) == (3, 2)
