# SPDX-License-Identifier: Apache-2.0
"""Several ingesters that all believe that the same partitions are theirs: the log alone decides, record by record."""

import collections

import pytest
from audit import audit
from ingester import EAGER, Ingester, KafkaLake
from topics import Topics, until

RECORDS = 6000
RIVALS = 3


@pytest.fixture
def one_partition_each(broker):
    made = Topics(broker.bootstrap, partitions=1).recreate()
    yield made
    made.delete()


def test_rivals_for_the_same_partitions_commit_each_record_once(bassline, broker, one_partition_each, corpus, feed, tmp_path):
    lake = KafkaLake(tmp_path / "lake")
    taken = ",".join(f"{at.topic}:{at.partition}" for at in one_partition_each.all_partitions())
    rivals = [
        Ingester(bassline.binary, lake, broker.bootstrap, *EAGER, "--partitions", taken, log=tmp_path / f"{number}.log")
        for number in range(RIVALS)
    ]
    try:
        until(lambda: len(lake.chains()) == len(one_partition_each.names), "all chains begin")
        with feed(broker.bootstrap, corpus, "--rate", 1500, "--records", RECORDS) as feeder:
            assert sum(feeder.finish().values()) == RECORDS

        def all_committed() -> bool:
            for rival in rivals:
                assert rival.process.poll() is None, f"a rival ended by itself: {rival.words()}"
            return lake.end() == RECORDS

        until(all_committed, "everything is committed")
        for rival in rivals:
            assert rival.terminate() == 130, rival.words()
    finally:
        for rival in rivals:
            rival.kill()
    wins = collections.Counter(entry["writer"].split("-")[0] for entry in lake.entries() if entry["seq"] > 0)
    print(f"\nentries by process: {dict(wins)}")
    assert len(wins) >= 2, "nobody had a rival"
    bassline("verify", "--lake", lake.path, "--full")
    found = audit(lake.path, broker.bootstrap)
    assert found.ok, found.table()
    assert found.written == RECORDS
