# SPDX-License-Identifier: Apache-2.0
"""`verify --kafka` holds a lake against the broker that fed it, and finds what was done to either of them."""

import json
import time

import duckdb
import pytest
from kafka import KafkaProducer
from servers import Broker
from topics import TOPICS, Topics, read_all

BAD = (b"no JSON", b"", None, b'{"ts":"then","page":"Home","method":"GET"}', b"\0\0\0\0\x09{}", b"x" * (2 << 20))


def send_odd_ones(bootstrap: str) -> int:
    """Records that nobody can read, and two transactions: one committed, one aborted. How many are to be found."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=8 << 20)
    for value in BAD:
        producer.send("listen_events", value=value, key=b"odd", partition=1)
    producer.flush()
    producer.close()
    transactional = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"odd-{time.monotonic_ns()}")
    transactional.init_transactions()
    for commit in (False, True, False):
        transactional.begin_transaction()
        for number in range(50):
            view = {"ts": 1740831000000 + number, "sessionId": 1, "itemInSession": number, "page": "Home", "level": "free"}
            transactional.send("page_view_events", value=json.dumps(view).encode(), partition=2)
        transactional.flush()
        transactional.commit_transaction() if commit else transactional.abort_transaction()
    transactional.close()
    return len(BAD) + 50


@pytest.fixture
def lake(bassline, broker, topics, corpus, feed, tmp_path):
    with feed(broker.bootstrap, corpus, "--records", 8000) as feeder:
        feeder.finish()
    send_odd_ones(broker.bootstrap)
    bassline("ingest", "--lake", tmp_path / "lake", "--kafka", broker.bootstrap)
    return tmp_path / "lake"


@pytest.fixture
def verify(bassline, broker, lake):
    def run(*options, bootstrap=broker.bootstrap):
        return bassline("verify", "--lake", lake, "--kafka", bootstrap, *options, check=False)

    return run


def answer_of(done) -> dict:
    assert done.returncode in (0, 3), done.stderr
    return json.loads(done.stdout)


def total(answer: dict, key: str) -> int:
    return sum(state[key] for state in answer["brokers"])


def test_a_lake_that_agrees_with_its_broker(verify, topics, broker, feed, corpus):
    """Transaction markers and aborted records are no records; what came later is lag, and no finding."""
    records, _ = read_all(broker.bootstrap, TOPICS)
    answer = answer_of(verify("--full", "--json"))
    assert answer["ok"], answer["findings"]
    assert total(answer, "compared") == len(records) == 8000 + len(BAD) + 50
    ends = topics.ends()
    assert {(s["topic"], s["partition"]): s["high"] for s in answer["brokers"]} == ends
    assert sum(ends.values()) > len(records) + 100, "aborted records and markers have offsets"
    for key in ("lag", "removed", "unread", "absent", "doubled", "unknown", "differing"):
        assert total(answer, key) == 0, key

    with feed(broker.bootstrap, corpus, "--records", 300) as feeder:
        feeder.finish()
    later = answer_of(verify("--json"))
    assert later["ok"] and total(later, "lag") == 300 and total(later, "compared") == 0
    table = verify("--full")
    assert table.returncode == 0
    assert "against the brokers" in table.stdout and "all as committed" in table.stdout


def parquet_of(lake, layer: str) -> list:
    return sorted(path for path in (lake / layer).rglob("*.parquet"))


def rewrite(path, select: str) -> None:
    """The file's rows as the query over `r` gives them."""
    duckdb.connect().execute(
        f"create table r as from read_parquet('{path}', hive_partitioning = false); copy ({select}) to '{path}'"
        " (format parquet)")


def at(path, where: str = "true") -> tuple[int, int]:
    """Partition and offset of the file's first row."""
    return duckdb.sql(f"select source_partition, source_offset from read_parquet('{path}') where {where}"
                      " order by source_offset limit 1").fetchone()


def test_damage_is_found_with_its_offset(verify, lake):
    gone, altered, longer, *_ = parquet_of(lake, "bronze/listen_events")
    quarantined = parquet_of(lake, "_quarantine/listen_events")[0]
    lost = duckdb.sql(f"select source_partition, min(source_offset), count(*) from read_parquet('{gone}') group by all").fetchone()
    gone.unlink()
    partition, offset = at(altered)
    rewrite(altered, f"select * replace (if(source_offset = {offset}, 'Nobody', artist) as artist) from r")
    other_partition, other = at(longer)
    rewrite(longer, f"from r union all (from r where source_offset = {other})")
    refused = at(quarantined, "reason = 'bad_json'")
    rewrite(quarantined, "select * replace (if(reason = 'bad_json', 'no JSOM'::blob, raw) as raw) from r")

    done = verify("--full")
    assert done.returncode == 3
    assert f"{gone}, which is missing" in done.stderr
    assert f"listen_events p={lost[0]} {lost[1]}.." in done.stderr and "no row in the lake for" in done.stderr
    assert f"listen_events p={partition} {offset}..{offset + 1}: other content for 1 of the brokers' records (artist)" in done.stderr
    assert f"listen_events p={other_partition} {other}..{other + 1}: more than one row for 1 of the brokers' records" in done.stderr
    assert f"listen_events p={refused[0]} {refused[1]}..{refused[1] + 1}: other content" in done.stderr and "(raw)" in done.stderr
    answer = answer_of(verify("--full", "--json"))
    assert total(answer, "absent") == lost[2] and total(answer, "doubled") == 1
    assert total(answer, "unknown") == 0


def test_rows_that_the_broker_never_had_are_found(verify, lake):
    """An offset of an aborted transaction has no record, so it has no row."""
    views = [path for path in parquet_of(lake, "bronze/page_view_events")
             if duckdb.sql(f"from read_parquet('{path}') where source_partition = 2 and sessionId = 1 and page = 'Home'"
                           " and level = 'free' and city is null").fetchall()]
    path = views[0]
    first = duckdb.sql(f"select min(source_offset) from read_parquet('{path}') where sessionId = 1 and city is null").fetchone()[0]
    rewrite(path, f"from r union all (select * replace (source_offset - 20 as source_offset) from r where source_offset = {first})")
    done = verify("--full")
    assert done.returncode == 3
    assert f"page_view_events p=2 {first - 20}..{first - 19}: no record at the brokers for 1 of the lake's rows" in done.stderr


def test_retention_is_told_from_loss(verify, topics, lake, broker, corpus, feed):
    end = topics.ends()[("listen_events", 1)]
    topics.delete_records("listen_events", 1, 100)
    answer = answer_of(verify("--full", "--json"))
    assert answer["ok"] and total(answer, "removed") == 100

    with feed(broker.bootstrap, corpus, "--records", 3000) as feeder:
        feeder.finish()
    topics.delete_records("listen_events", 1, end + 7)
    done = verify("--full")
    assert done.returncode == 3
    assert f"gap listen_events p=1 {end}..{end + 7}: the brokers removed these offsets before they were read" in done.stderr


def test_what_expired_in_the_lake_is_no_loss(bassline, verify, lake, broker):
    """`compact --retain` drops bronze by the event's date; the broker still has the records."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(10):
        view = {"ts": 1741176000000 + number, "sessionId": 9, "itemInSession": number, "page": "Home", "level": "free"}
        producer.send("page_view_events", value=json.dumps(view).encode(), partition=0)
    producer.flush()
    producer.close()
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap)
    before = answer_of(verify("--full", "--json"))
    bassline("compact", "--lake", lake, "--retain", 2, "--grace", "0s")
    answer = answer_of(verify("--full", "--json"))
    assert answer["ok"], answer["findings"]
    assert total(answer, "compared") == total(before, "compared") and total(before, "expired") == 0
    assert total(answer, "expired") == 8000 + 50, "all but what nobody could read and the ten of later"


def test_a_topic_made_again_is_a_finding(verify, topics, lake, broker, corpus, feed):
    ends = topics.ends()
    topics.recreate("listen_events")
    with feed(broker.bootstrap, corpus) as feeder:
        feeder.finish()
    done = verify("--full")
    assert done.returncode == 3
    for partition in range(4):
        end = ends[("listen_events", partition)]
        assert f"topic re-created: listen_events p={partition} 0..{end} was read from topic id" in done.stderr
    topics.delete("listen_events")
    gone = verify()
    assert gone.returncode == 3 and "the brokers have no such partition any more" in gone.stderr


def test_another_cluster_is_a_finding(verify, lake, tmp_path):
    with Broker(tmp_path / "other") as other:
        Topics(other.bootstrap).create()
        done = verify("--full", bootstrap=other.bootstrap)
    assert done.returncode == 3
    assert "another cluster: listen_events p=0 0.." in done.stderr


def test_framed_records_are_compared_with_a_registry_and_counted_without(bassline, broker, registry, topics, tmp_path):
    lake = tmp_path / "framed"
    nobody = "http://127.0.0.1:9"
    bassline("simulate", "--kafka", broker.bootstrap, "--users", 3000, "--from", "2025-03-01T12:00:00Z", "--to",
             "2025-03-01T18:00:00Z", "--schema-registry", registry.url, "--encoding", "avro")
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap, "--schema-registry", f"{nobody},{registry.url}")
    records = sum(topics.ends().values())
    look = ["verify", "--lake", lake, "--kafka", broker.bootstrap, "--full", "--json"]
    without = json.loads(bassline(*look).stdout)
    assert total(without, "unread") == total(without, "compared") == records
    with_it = json.loads(bassline(*look, "--schema-registry", registry.url).stdout)
    assert with_it["ok"] and total(with_it, "unread") == 0 and total(with_it, "compared") == records
    cached = json.loads(bassline(*look, "--schema-registry", nobody).stdout)  # what ingest kept of the first URL
    assert cached["ok"] and total(cached, "unread") == 0 and total(cached, "compared") == records

    path = parquet_of(lake, "bronze/listen_events")[0]
    partition, offset = at(path)
    rewrite(path, f"select * replace (if(source_offset = {offset}, duration + 1, duration) as duration) from r")
    done = bassline(*look, "--schema-registry", registry.url, check=False)
    assert done.returncode == 3
    assert f"listen_events p={partition} {offset}..{offset + 1}: other content for 1 of the brokers' records (duration)" in done.stderr


def test_a_broker_that_is_away_is_unavailable(verify, lake):
    done = verify(bootstrap="127.0.0.1:9")
    assert done.returncode == 4, done.stderr
