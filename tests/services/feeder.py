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

from confluent_kafka import KafkaError, Producer
from hostile_records import HOSTILE, TOPIC

# Connections that a broker's restart ends are no news here, and words to a pipe that nobody reads would stop us.
GIVEN_UP = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)
SILENT_SECONDS = 20  # longer than a broker's restart
QUIET = {"log_level": 2, "log.connection.close": False, "reconnect.backoff.max.ms": 500}


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
    acknowledged: dict = collections.defaultdict(collections.Counter)
    failures: list = []

    def count(error, message):
        nonlocal heard_at
        if error is None:
            acknowledged[message.topic()][message.partition()] += 1
            heard_at = time.monotonic()
        elif error.code() not in GIVEN_UP:
            failures.append(error)

    def open_producer() -> Producer:
        return Producer({
            "bootstrap.servers": options.bootstrap, "enable.idempotence": True, "compression.type": "zstd",
            "linger.ms": 10 if options.rate else 50, "message.max.bytes": 64 << 20, "queue.buffering.max.kbytes": 256 << 10,
            **QUIET,
        })

    producer, heard_at = open_producer(), time.monotonic()

    def renew_if_silent() -> None:
        """librdkafka's producer may lose its brokers for good when one restarts (its issue 5301): another takes its place."""
        nonlocal producer, heard_at
        now = time.monotonic()
        if not len(producer):
            heard_at = now
        if now < heard_at + SILENT_SECONDS:
            return
        producer.purge()
        producer.poll(0)
        producer, heard_at = open_producer(), now

    def send(topic: str, value: bytes | None, key: bytes | None, **more) -> None:
        while True:
            producer.poll(0)
            renew_if_silent()
            try:
                return producer.produce(topic, value, key, on_delivery=count, **more)
            except BufferError:  # the broker is slower than we are, or away
                producer.poll(0.1)

    hostile: collections.Counter = collections.Counter()
    kinds = itertools.cycle(HOSTILE)

    def send_hostile():
        kind = next(kind for kind in kinds if hostile[kind.name] < kind.most)
        hostile[kind.name] += 1
        send(TOPIC, kind.value, kind.key, headers=list(kind.headers))

    began, sent = time.monotonic(), 0
    for ts, topic, key, line in in_order(options.folder, again=bool(options.rate)):
        if stopped or sent >= options.records:
            break
        send(topic, line, key, timestamp=ts)  # 0: now
        sent += 1
        if options.hostile_every and sent % options.hostile_every == 0:
            send_hostile()
        if options.rate and sent % 50 == 0:
            ahead = sent / options.rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
    deadline = time.monotonic() + 120
    while (left := producer.flush(1)) and time.monotonic() < deadline:
        renew_if_silent()
    if left:
        failures.append(f"{left} without an answer")
    print(json.dumps({"acknowledged": acknowledged, "hostile": hostile}))
    if failures:
        print(f"error: {len(failures)} records were not acknowledged, the first: {failures[0]}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
