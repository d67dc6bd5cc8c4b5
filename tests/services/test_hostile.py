# SPDX-License-Identifier: Apache-2.0
"""Records that are wrong in every way we know: counted to the record, kept with their bytes, within the memory given."""

import json
import os
import subprocess
import tempfile

import duckdb
from audit import audit
from ingester import KafkaLake
from kafka import KafkaProducer
from servers import die_with_parent
from traffic import simulate

RECORDS = int(os.environ.get("BASSLINE_HOSTILE_RECORDS", "100000"))
USERS_PER_RECORD = 1.1
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


def test_damaged_records_are_counted_by_class(bassline, broker, topics, feed, tmp_path):
    key_file = tmp_path / "key.json"
    corpus = simulate(bassline, tmp_path / "corpus", int(RECORDS * USERS_PER_RECORD), "--faults", "malformed=0.05",
                      "--answer-key", key_file)
    with feed(broker.bootstrap, corpus) as feeder:
        sent = sum(feeder.finish().values())
    key = json.loads(key_file.read_text())
    lake = tmp_path / "lake"
    answer, peak = ingest_measured(bassline, lake, broker.bootstrap)
    print(f"\n{sent} records, peak {peak} MB, {key['malformed']}")

    expected: dict[str, int] = {}
    for by_reason in key["quarantine"].values():
        for reason, count in by_reason.items():
            expected[reason] = expected.get(reason, 0) + count
    assert reasons(lake) == expected
    refused = sum(expected.values())
    assert refused > 0.03 * sent
    assert sum(topic["quarantined"] for topic in answer.values()) == refused
    assert sum(topic["consumed"] for topic in answer.values()) == sent
    found = audit(lake, broker.bootstrap)
    assert found.ok, found.table()
    assert (found.records, found.quarantined) == (sent, refused)
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
