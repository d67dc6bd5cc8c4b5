# SPDX-License-Identifier: Apache-2.0
"""`simulate --kafka` keeps its word on topics, keys and what became of each record; `ingest --kafka` on where to start and on
a member's name in its group (docs/formats/topics.md).
"""

import collections
import datetime
import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from audit import audit, compare
from ingester import Ingester, KafkaLake
from kafka.partitioner.default import murmur2
from servers import Broker, die_with_parent
from topics import KEYED, TOPICS, Topics, read_all, until

PREFIX = "produced_"
NAMES = tuple(PREFIX + topic for topic in TOPICS)
PARTITIONS = 3  # not the default
USERS = 10_000
RATE = 2000  # records a second
SESSION_SECONDS = 45  # after which the brokers miss a member that died


@pytest.fixture
def absent(broker):
    """Topics that do not exist, and will be gone."""
    made = Topics(broker.bootstrap, NAMES, PARTITIONS).delete()
    yield made
    made.delete()


def simulate(bassline, broker, *options, date: str = "2025-03-01", check: bool = True):
    """Six hours, the same ones every time."""
    return bassline("simulate", "--kafka", broker.bootstrap, "--users", USERS, "--from", f"{date}T12:00:00Z",
                    "--to", f"{date}T18:00:00Z", "--seed", 7, "--json", *options, check=check, timeout=60)


def produce(bassline, broker, *options, **more):
    return simulate(bassline, broker, "--topic-prefix", PREFIX, *options, **more)


def deliveries(told: dict) -> collections.Counter:
    """Records acked, failed and unknown, of all topics."""
    return sum(map(collections.Counter, told["deliveries"].values()), collections.Counter())


def counted(told: dict) -> int:
    return sum(topic["records"] for topic in told["topics"].values())


# --- topics and keys


def test_missing_topics_are_made_as_asked_and_hold_what_is_reported(bassline, broker, absent):
    told = json.loads(produce(bassline, broker, "--partitions", PARTITIONS).stdout)
    records, bounds = read_all(broker.bootstrap, NAMES)
    assert set(bounds) == {(name, number) for name in NAMES for number in range(PARTITIONS)}
    held = collections.Counter(records["topic"].to_pylist())
    assert held == {PREFIX + topic: count["records"] for topic, count in told["topics"].items()}
    assert told["deliveries"] == {name: {"acked": held[name], "failed": 0, "unknown": 0} for name in NAMES}
    assert all(held[name] > 0 for name in NAMES)


def test_a_users_records_are_in_one_partition_in_order_with_the_times_of_their_events(bassline, broker, absent):
    produce(bassline, broker, "--partitions", PARTITIONS)
    rows = read_all(broker.bootstrap, NAMES, KEYED)[0].sort_by([("topic", "ascending"), ("offset", "ascending")]).to_pylist()
    keys, users, last = collections.defaultdict(set), {}, {}
    for row in rows:
        event, key = json.loads(row["value"]), row["key"]
        assert row["timestamp_ms"] == event["ts"]
        assert row["partition"] == (murmur2(key) & 0x7FFFFFFF) % PARTITIONS, "where Java's clients put it"
        assert last.get((row["topic"], key), 0) <= event["ts"]
        last[row["topic"], key] = event["ts"]
        keys[event["sessionId"]].add(key)
        if event.get("userId"):
            assert key == str(event["userId"]).encode()
            users[event["sessionId"]] = event["userId"]
    assert all(len(of_session) == 1 for of_session in keys.values()), "also those before the login"
    assert all(1 <= int(key) <= USERS for of_session in keys.values() for key in of_session)
    guests = {event["sessionId"] for event in (json.loads(row["value"]) for row in rows) if not event.get("userId")}
    assert guests & set(users) and guests - set(users), "sessions with a login, and without one"


def test_another_number_of_partitions_is_refused_and_nothing_written(bassline, broker, absent):
    produce(bassline, broker, "--partitions", PARTITIONS)
    before = absent.ends()
    refused = produce(bassline, broker, "--partitions", 5, check=False)
    assert refused.returncode == 1, refused.stderr
    assert re.search(f"topic {PREFIX}\\w+ has {PARTITIONS} partitions, not 5", refused.stderr), refused.stderr
    assert not refused.stdout
    assert absent.ends() == before and sum(before.values()) > 1000
    produce(bassline, broker)
    assert absent.ends() == {at: 2 * end for at, end in before.items()}, "as it is: what the refusal advises"


def test_one_topic_of_another_number_of_partitions_keeps_the_others_from_being_made(bassline, broker, absent):
    absent.create(NAMES[-1])
    refused = produce(bassline, broker, "--partitions", 5, check=False)
    assert refused.returncode == 1, refused.stderr
    assert f"topic {NAMES[-1]} has {PARTITIONS} partitions, not 5" in refused.stderr
    assert set(NAMES) & set(absent.admin.list_topics()) == {NAMES[-1]}


# --- ends of a live run


@contextmanager
def live(binary, bootstrap: str, *options):
    """`simulate --live` as a process to do things to."""
    process = subprocess.Popen(
        [binary, "simulate", "--kafka", bootstrap, "--topic-prefix", PREFIX, "--partitions", str(PARTITIONS), "--users",
         str(USERS), "--live", "--rate", str(RATE), "--json", *map(str, options)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def held(topics: Topics) -> int:
    return sum(topics.ends().values()) if set(topics.names) <= set(topics.admin.list_topics()) else 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_signal_ends_a_live_run_with_everything_acked(how, bassline, broker, absent, tmp_path):
    with live(bassline.binary, broker.bootstrap, "--ledger", tmp_path / "ledger.json") as process:
        until(lambda: held(absent) > 2 * RATE, "it sends")
        process.send_signal(how)
        out, words = process.communicate(timeout=60)
    assert process.returncode == 130, words
    told, ends = json.loads(out), absent.ends()
    assert told["interrupted"]
    assert deliveries(told) == {"acked": sum(ends.values())} and counted(told) == sum(ends.values())
    ledger = json.loads((tmp_path / "ledger.json").read_text())["topics"]
    ranges = {(name, int(number)): partition["ranges"]
              for name, topic in ledger.items() for number, partition in topic["partitions"].items()}
    assert ranges == {at: [[0, end]] for at, end in ends.items() if end}


def test_what_a_broker_that_falls_silent_does_not_answer_is_unknown(bassline, tmp_path):
    settings = tmp_path / "client.properties"
    settings.write_text("message.timeout.ms=2000\n")
    with Broker(tmp_path / "own") as own:
        topics = Topics(own.bootstrap, NAMES, PARTITIONS)
        with live(bassline.binary, own.bootstrap, "--kafka-config", settings) as process:
            until(lambda: held(topics) > RATE, "it sends")
            own.process.send_signal(signal.SIGSTOP)
            try:
                out, words = process.communicate(timeout=60)
            finally:
                own.process.send_signal(signal.SIGCONT)
        assert process.returncode == 3, words
        found = deliveries(json.loads(out))
        assert found["unknown"] > 0 and re.search(r"\d+ with an unknown fate", words), words
        assert found["acked"] <= until(lambda: held(topics), "it answers again") <= found["acked"] + found["unknown"]


# --- where to start


def ingest(bassline, lake, broker, *options) -> int:
    """Records consumed."""
    done = bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap, "--json", *options, timeout=60)
    return sum(topic["consumed"] for topic in json.loads(done.stdout)["topics"].values())


def test_a_start_time_begins_each_partition_at_its_first_record_not_before_it(bassline, broker, topics, tmp_path):
    simulate(bassline, broker, "--faults", "late=0.05")
    records, bounds = read_all(broker.bootstrap, TOPICS)
    start = "2025-03-01T15:00:00Z"
    start_ms = int(datetime.datetime.fromisoformat(start).timestamp() * 1000)
    begins = {at: end for at, (_, end) in bounds.items()}
    rows = records.drop(["value"]).to_pylist()
    for row in rows:
        if row["timestamp_ms"] >= start_ms:
            at = row["topic"], row["partition"]
            begins[at] = min(begins[at], row["offset"])
    assert all(0 < begins["listen_events", number] < bounds["listen_events", number][1] for number in range(4))
    behind = [row["offset"] >= begins[row["topic"], row["partition"]] for row in rows]
    assert any(row["timestamp_ms"] < start_ms for row, is_behind in zip(rows, behind) if is_behind), "late ones are among them"

    lake = tmp_path / "lake"
    assert ingest(bassline, lake, broker, "--start", start) == sum(behind)
    found = compare(lake, records.filter(behind), bounds)
    assert found.ok, found.table()
    assert found.written == sum(behind)
    bassline("verify", "--lake", lake, "--full")


def test_a_start_time_past_the_end_begins_at_the_end(bassline, broker, topics, tmp_path):
    lake = tmp_path / "lake"
    simulate(bassline, broker)
    before = topics.ends()
    assert ingest(bassline, lake, broker, "--start", "2025-03-02") == 0
    simulate(bassline, broker, date="2025-03-02")
    records, bounds = read_all(broker.bootstrap, TOPICS)
    later = [row["offset"] >= before[row["topic"], row["partition"]] for row in records.drop(["value"]).to_pylist()]
    assert ingest(bassline, lake, broker) == sum(later) > 1000
    found = compare(lake, records.filter(later), bounds)
    assert found.ok, found.table()
    assert found.written == sum(later)


# --- a name in the group


class Named:
    """Ingesters under names, in a group of their own."""

    def __init__(self, binary, topics: Topics, folder):
        self.binary, self.topics, self.folder, self.group = binary, topics, folder, f"bassline-{folder.name}"
        self.lake, self.all = KafkaLake(folder / "lake"), []

    def start(self, name: str) -> Ingester:
        self.all.append(Ingester(
            self.binary, self.lake, self.topics.bootstrap, "--group", self.group, "--group-instance", name,
            "--commit-interval", "200ms", "--kafka-property", f"session.timeout.ms={SESSION_SECONDS}000",
            "--kafka-property", "heartbeat.interval.ms=300", log=self.folder / f"{len(self.all)}.log"))
        return self.all[-1]

    def shares(self, *names: str) -> dict | None:
        """The members once these, and no others, share all partitions."""
        members = self.topics.members(self.group)
        shares = [member.partitions for member in members.values()]
        whole = sum(map(len, shares)) == len(self.topics.all_partitions()) and all(shares)
        return members if whole and set(members) == set(names) else None

    def written_by(self, ingester: Ingester) -> set[str]:
        """Chains in which it committed batches."""
        return {entry["chain"] for entry in self.lake.entries() if entry["seq"] > 0 and
                entry["writer"].split("-")[0] == str(ingester.pid)}


@pytest.fixture
def named(bassline, topics, tmp_path):
    made = Named(bassline.binary, topics, tmp_path)
    yield made
    for ingester in made.all:
        ingester.kill()


def check_all_once(named: Named, bootstrap: str, sent: int) -> None:
    found = audit(named.lake.path, bootstrap)
    assert found.ok, found.table()
    assert found.written == found.records == sent


def test_a_member_killed_and_started_again_under_its_name_goes_on_with_its_partitions(broker, topics, corpus, feed, named):
    first, other = named.start("first"), named.start("other")
    before = until(lambda: named.shares("first", "other"), "they share the partitions")
    with feed(broker.bootstrap, corpus, "--rate", 1500, "--records", 8000) as feeder:
        until(lambda: named.written_by(first) and named.written_by(other), "both commit")
        first.kill()
        killed = time.monotonic()
        again = named.start("first")
        until(lambda: named.written_by(again), "it goes on", SESSION_SECONDS / 2)
        away = time.monotonic() - killed
        sent = sum(feeder.finish().values())
    until(lambda: named.lake.end() == sent, "all is committed")
    after = named.shares("first", "other")
    assert away < SESSION_SECONDS / 2, "before the dead one is missed"
    print(f"\nfrom the kill to the next commit: {away:.1f} s")
    assert after and after["other"] == before["other"]
    assert after["first"].id != before["first"].id and after["first"].partitions == before["first"].partitions
    for name, ingesters in {"first": (first, again), "other": (other,)}.items():
        chains = {f"kafka-{topic}-{number}" for topic, number in before[name].partitions}
        assert all(named.written_by(ingester) <= chains for ingester in ingesters), "nobody took another's"
    assert [ingester.terminate() for ingester in (again, other)] == [130, 130], again.words() + other.words()
    check_all_once(named, broker.bootstrap, sent)


def test_of_two_processes_under_one_name_the_brokers_fence_the_earlier(broker, topics, corpus, feed, named):
    first = named.start("same")
    until(lambda: named.shares("same"), "it has the partitions")
    with feed(broker.bootstrap, corpus, "--rate", 1500, "--records", 6000) as feeder:
        until(lambda: named.written_by(first), "it commits")
        second = named.start("same")
        assert first.process.wait(30) == 1, first.words()
        assert "fenced by other consumer with same group.instance.id" in first.words()
        sent = sum(feeder.finish().values())
    until(lambda: named.lake.end() == sent, "all is committed")
    assert named.written_by(second)
    assert second.terminate() == 130, second.words()
    check_all_once(named, broker.bootstrap, sent)
