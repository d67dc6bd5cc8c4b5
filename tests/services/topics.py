# SPDX-License-Identifier: Apache-2.0
"""Topics of a broker as the tests need them, by a client in pure Python: nothing here is code of the program's."""

import time
from typing import NamedTuple

import pyarrow
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

TOPICS = ("listen_events", "page_view_events", "auth_events", "status_change_events")
WAIT_SECONDS = 60

RECORDS = pyarrow.schema([
    ("topic", pyarrow.string()), ("partition", pyarrow.int32()), ("offset", pyarrow.int64()),
    ("timestamp_ms", pyarrow.int64()), ("value", pyarrow.large_binary()),
])
KEYED = RECORDS.append(pyarrow.field("key", pyarrow.large_binary()))


class Member(NamedTuple):
    id: str  # another one after each start
    partitions: frozenset[tuple[str, int]]


def client_options(bootstrap: str) -> dict:
    return {"bootstrap_servers": bootstrap}


def until(condition, what: str, seconds: float = WAIT_SECONDS, pause: float = 0.02):
    """Asks again until the answer is true; a broker that is away meanwhile only delays it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = condition()
        except KafkaError as error:
            answer, what = None, f"{what} ({error})"
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(pause)


class Topics:
    """The topics of one test: made empty, gone with it."""

    def __init__(self, bootstrap: str, names=TOPICS, partitions: int = 4):
        self.bootstrap, self.names, self.partitions = bootstrap, tuple(names), partitions
        self.admin = KafkaAdminClient(**client_options(bootstrap))

    def create(self, *names: str):
        names = names or self.names
        wanted = {name: {"num_partitions": self.partitions, "replication_factor": 1} for name in names}

        def made():
            self.admin.create_topics(wanted, raise_errors=False)
            return all(len(self._partitions(name)) == self.partitions for name in names)

        until(made, f"topics {names} are made")
        return self

    def delete(self, *names: str):
        names = names or self.names
        present = [name for name in names if name in self.admin.list_topics()]
        if present:
            self.admin.delete_topics(present)
        until(lambda: not set(names) & set(self.admin.list_topics()), f"topics {names} are deleted")
        return self

    def recreate(self, *names: str):
        return self.delete(*names).create(*names)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """As retention does: offsets below `before` are gone."""
        self.admin.delete_records({TopicPartition(topic, partition): before})

    def _partitions(self, name: str) -> list:
        try:
            (found,) = self.admin.describe_topics([name])
        except UnknownTopicOrPartitionError:
            return []
        return [partition for partition in found["partitions"] if partition.get("leader_id", 0) >= 0]

    def all_partitions(self) -> list[TopicPartition]:
        return [TopicPartition(name, number) for name in self.names for number in range(self.partitions)]

    def ends(self) -> dict[tuple[str, int], int]:
        """The high watermark of each partition."""
        consumer = KafkaConsumer(**client_options(self.bootstrap), enable_auto_commit=False)
        try:
            return {(at.topic, at.partition): end for at, end in consumer.end_offsets(self.all_partitions()).items()}
        finally:
            consumer.close()

    def members(self, group: str) -> dict[str, Member]:
        """The named members of a group, by name; none while it decides who has what."""
        (found,) = self.admin.describe_groups([group]).values()
        if found["group_state"] != "Stable":
            return {}
        return {member["group_instance_id"]: Member(member["member_id"], _assigned(member)) for member in found["members"]}


def _assigned(member: dict) -> frozenset[tuple[str, int]]:
    assignment = member["member_assignment"] or {"assigned_partitions": []}
    return frozenset((of["topic"], number) for of in assignment["assigned_partitions"] for number in of["partitions"])


def read_all(bootstrap: str, names, schema: pyarrow.Schema = RECORDS) -> tuple[pyarrow.Table, dict]:
    """Every committed record now in the topics, and where each partition's log begins and ends."""
    consumer = KafkaConsumer(
        **client_options(bootstrap), enable_auto_commit=False, isolation_level="read_committed",
        max_poll_records=20_000, fetch_max_bytes=64 << 20, max_partition_fetch_bytes=8 << 20,
    )
    try:
        where = [TopicPartition(name, number) for name in names for number in sorted(consumer.partitions_for_topic(name))]
        begins, ends = consumer.beginning_offsets(where), consumer.end_offsets(where)
        consumer.assign(where)
        for at in where:
            consumer.seek(at, begins[at])
        batches = [schema.empty_table()]
        deadline = time.monotonic() + 300
        while any(consumer.position(at) < ends[at] for at in where):
            assert time.monotonic() < deadline, "the broker does not give what it has"
            for at, records in consumer.poll(timeout_ms=1000).items():
                batches.append(_table(at, [record for record in records if record.offset < ends[at]], schema))
        bounds = {(at.topic, at.partition): (begins[at], ends[at]) for at in where}
        return pyarrow.concat_tables(batches), bounds
    finally:
        consumer.close()


def _table(at: TopicPartition, records: list, schema: pyarrow.Schema) -> pyarrow.Table:
    columns = [
        [at.topic] * len(records), [at.partition] * len(records), [record.offset for record in records],
        [record.timestamp for record in records], [record.value for record in records], [record.key for record in records],
    ]
    return pyarrow.Table.from_arrays([pyarrow.array(column, field.type) for column, field in zip(columns, schema)],
                                     schema=schema)

