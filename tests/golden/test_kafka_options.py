# SPDX-License-Identifier: Apache-2.0
"""What `ingest --kafka` says about options that cannot work, and about brokers that are not there."""

import pytest


@pytest.fixture
def ingest(bassline, tmp_path):
    def run(*arguments):
        return bassline("ingest", "--lake", tmp_path / "lake", *arguments, check=False)

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say what to read: --from PATH or --kafka BROKERS"),
        (("--from", "a.json", "--kafka", "localhost:1"), "--from excludes --kafka"),
        (("--from", "a.json", "--topics", "listen_events"), "--topics requires --kafka"),
        (("--kafka", "localhost:1", "--start", "yesterday"), "--start 'yesterday' is not earliest, latest, a time"),
        (("--kafka", "localhost:1", "--start", "a:0:1,a:0:2"), "--start names a p=0 twice"),
        (("--kafka", "localhost:1", "--partitions", "listen_events"), "'listen_events' is not TOPIC:PARTITION"),
        (("--kafka", "localhost:1", "--kafka-property", "sasl.password=hush"), "sasl.password is a secret"),
        (("--kafka", "localhost:1", "--kafka-property", "group.id=x"), "group.id is set by bassline itself"),
        (("--kafka", "localhost:1", "--late", "quarantine"), "--late quarantine wants --late-after DURATION"),
        (("--kafka", "localhost:1", "--late", "side"), "--late side wants --late-after DURATION"),
        (("--kafka", "localhost:1", "--late-after", "1h"), "--late-after does nothing without --late side or --late quarantine"),
        (("--kafka", "localhost:1", "--hour-grace", "5"), "--hour-grace"),
        (("--kafka", "localhost:1", "--idle-partition-after", "0s"), "--idle-partition-after must be longer than 0"),
        (("--kafka", "localhost:1", "--commit-interval", "2h"), "--commit-interval must be from 1ms to 1h"),
    ],
)
def test_wrong_use_is_told_with_its_fix(ingest, arguments, message):
    done = ingest(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert done.stdout == ""


def test_brokers_that_are_not_there(ingest):
    done = ingest("--kafka", "127.0.0.1:1", "--kafka-property", "socket.connection.setup.timeout.ms=1000")
    assert done.returncode == 4, done.stderr
    assert "no broker answers" in done.stderr
