# SPDX-License-Identifier: Apache-2.0
"""Sends simulated records to their topics at a steady rate until told to stop, then tells what was acknowledged.

usage: feeder.py BOOTSTRAP FOLDER [--rate N] [--records N] [--hostile-every N]

FOLDER holds <topic>.ndjson; records go in the order of their time, keyed by user, with their time as timestamp. Ends
after all records, after --records of them, or at SIGTERM; then the broker has all that was sent. Prints one JSON
object: acknowledged records by topic and partition, and hostile ones (hostile_records.py, one after each N records) by name.
With a rate it begins again after the last record.
"""

import argparse
import collections
import heapq
import itertools
import json
import signal
import sys
import time
from pathlib import Path

from hostile_records import HOSTILE, TOPIC
from kafka import KafkaProducer


def lines_of(path: Path):
    """(time, topic, key, line), in the file's order; a line without a time that a broker takes has that of the one before."""
    now = 0
    with path.open("rb") as file:
        for line in file:
            key = None
            try:
                record = json.loads(line)
                ts, key = int(record["ts"]), record.get("userId")
                now = ts if 946_684_800_000 <= ts <= 4_102_444_800_000 else now
            except (ValueError, KeyError, TypeError, RecursionError):
                pass
            yield now, path.stem, None if key is None else str(key).encode(), line.rstrip(b"\n")


def in_order(folder: Path, again: bool):
    while True:
        yield from heapq.merge(*map(lines_of, sorted(folder.glob("*.ndjson"))), key=lambda row: row[0])
        if not again:
            return


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rate", type=float, default=0, help="records a second; 0: as fast as it goes")
    parser.add_argument("--records", type=int, default=sys.maxsize)
    parser.add_argument("--hostile-every", type=int, default=0, metavar="N")
    options = parser.parse_args()

    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    producer = KafkaProducer(
        bootstrap_servers=options.bootstrap, compression_type="zstd", linger_ms=10 if options.rate else 50,
        batch_size=256 << 10, max_request_size=64 << 20, metrics_enabled=False,
    )
    acknowledged: dict = collections.defaultdict(collections.Counter)
    failures: list = []

    def count(metadata):
        acknowledged[metadata.topic][metadata.partition] += 1

    hostile: collections.Counter = collections.Counter()
    kinds = itertools.cycle(HOSTILE)

    def send_hostile():
        kind = next(kind for kind in kinds if hostile[kind.name] < kind.most)
        hostile[kind.name] += 1
        producer.send(TOPIC, value=kind.value, key=kind.key, headers=list(kind.headers)).add_callback(count).add_errback(
            failures.append)

    began, sent = time.monotonic(), 0
    for ts, topic, key, line in in_order(options.folder, again=bool(options.rate)):
        if stopped or sent >= options.records:
            break
        producer.send(topic, value=line, key=key, timestamp_ms=ts or None).add_callback(count).add_errback(failures.append)
        sent += 1
        if options.hostile_every and sent % options.hostile_every == 0:
            send_hostile()
        if options.rate and sent % 50 == 0:
            ahead = sent / options.rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
    producer.flush(timeout=120)
    producer.close()
    print(json.dumps({"acknowledged": acknowledged, "hostile": hostile}))
    if failures:
        print(f"error: {len(failures)} records were not acknowledged, the first: {failures[0]}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
