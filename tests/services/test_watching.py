# SPDX-License-Identifier: Apache-2.0
"""What an ingest from a real broker tells while it works and afterwards: /metrics, `status`; and `replay` of what it refused."""

import json
import re
import subprocess
import time
import urllib.request

from audit import audit
from ingester import Ingester, KafkaLake
from kafka import KafkaProducer
from logs import ROOT
from topics import until

PROMTOOL = ROOT / ".deps/services/unpacked/usr/bin/promtool"


def samples(page: str) -> dict[str, float]:
    """Value by name with labels."""
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line and line[0] != "#"}


def total(page: str, name: str) -> float:
    return sum(value for key, value in samples(page).items() if key.split("{")[0] == name)


def check_page(page: str) -> None:
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stdout and not done.stderr, done.stdout + done.stderr


def test_metrics_while_it_drains(bassline, broker, topics, corpus, feed, tmp_path):
    """Every page that is scraped is as Prometheus wants it, from the first on; the counters end at what was sent."""
    lake = KafkaLake(tmp_path / "lake")
    ingester = Ingester(bassline.binary, lake, broker.bootstrap, "--metrics-port", 0, "--commit-interval", "300ms",
                        log=tmp_path / "log")
    try:
        address = until(lambda: re.search(r"http://127\.0\.0\.1:\d+", ingester.words()), "it tells its address").group(0)

        def page() -> str:
            with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                return answer.read().decode()

        pages = [page()]
        with feed(broker.bootstrap, corpus, "--rate", 2000, "--records", 6000) as feeder:
            while feeder.process.poll() is None:
                pages.append(page())
                time.sleep(0.2)
            sent = sum(feeder.finish().values())
        until(lambda: total(page(), "bassline_ingest_written_rows_total") == sent, "all is written")
        pages.append(page())
    finally:
        ingester.terminate()
        ingester.kill()
    for each in pages:
        check_page(each)
    written = [total(each, "bassline_ingest_written_rows_total") for each in pages]
    assert written == sorted(written) and any(0 < count < sent for count in written), "scraped in the middle of the work"
    assert all(total(each, "bassline_ingest_consumed_records_total") >= count for each, count in zip(pages, written, strict=True))
    last = pages[-1]
    assert total(last, "bassline_ingest_consumed_records_total") == sent
    assert total(last, "bassline_ingest_lag_records") == 0 and "bassline_ingest_lag_records{" in last
    assert samples(last)['bassline_ingest_commits_total{rotation="time"}'] > 1
    print(f"\n{len(pages)} pages, {len(samples(last))} samples in the last")


def test_the_linter_refuses_a_page(tmp_path):
    done = subprocess.run([PROMTOOL, "check", "metrics"], input="# TYPE a counter\na 1\n", capture_output=True, text=True,
                          check=False)
    assert done.returncode != 0


def test_status_knows_how_far_behind_the_lake_is(bassline, broker, topics, corpus, feed, tmp_path):
    lake = tmp_path / "lake"
    status = ["status", "--lake", lake, "--kafka", broker.bootstrap, "--json"]

    def lags() -> dict:
        chains = json.loads(bassline(*status).stdout)["chains"]
        return {chain["chain"]: chain for chain in chains if chain["chain"].startswith("kafka-")}

    with feed(broker.bootstrap, corpus, "--records", 4000) as feeder:
        feeder.finish()
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap)
    before = topics.ends()
    for name, chain in lags().items():
        assert (chain["lag_offsets"], chain["lag_seconds"]) == (0, 0), name
    with feed(broker.bootstrap, corpus, "--records", 2500) as feeder:
        feeder.finish()
    behind = {key: end - before[key] for key, end in topics.ends().items()}
    found = lags()
    assert {name: chain["lag_offsets"] for name, chain in found.items()} == {
        f"kafka-{topic}-{partition}": count for (topic, partition), count in behind.items()}
    assert sum(behind.values()) == 2500
    # The corpus is of March 2025 and a record's time is its event's.
    waits = [chain["lag_seconds"] for chain in found.values() if chain["lag_offsets"]]
    age = time.time() - 1740830400
    assert waits and all(age - 7 * 3600 < wait < age + 60 for wait in waits), waits
    assert "lag " in bassline("status", "--lake", lake, "--kafka", broker.bootstrap).stdout
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap)
    assert {chain["lag_offsets"] for chain in lags().values()} == {0}


def test_replay_of_what_a_broker_fed(bassline, broker, topics, corpus, feed, tmp_path):
    """Refused for the clock's sake, then good: each record is in bronze once, as if it had been taken at once."""
    lake = tmp_path / "lake"
    with feed(broker.bootstrap, corpus, "--records", 2000) as feeder:
        feeder.finish()
    soon = int(time.time() * 1000) + 48 * 3_600_000
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(40):
        view = {"ts": soon + number, "sessionId": 5, "itemInSession": number, "page": "Home", "level": "free"}
        producer.send("page_view_events", value=json.dumps(view).encode(), partition=number % 4)
    producer.send("page_view_events", value=b"no JSON", partition=0)
    producer.flush()
    producer.close()
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap)
    found = audit(lake, broker.bootstrap)
    assert found.ok and (found.written, found.quarantined) == (2000, 41), found.table()

    proof = ["verify", "--lake", lake, "--kafka", broker.bootstrap, "--full"]
    replay = ["replay", "--lake", lake, "--json", "--ahead-max", "1000h", "--grace", "0s"]
    assert json.loads(bassline(*replay, "--dry-run").stdout)["replayed"] == 40
    assert audit(lake, broker.bootstrap).quarantined == 41, "a rehearsal writes nothing"
    done = json.loads(bassline(*replay).stdout)
    assert (done["replayed"], done["written"], done["refused"]) == (40, {"page_view_events": 40}, {"bad_json": 1})
    bassline(*proof)
    assert json.loads(bassline(*replay).stdout)["replayed"] == 0
    found = audit(lake, broker.bootstrap)
    assert found.ok and (found.written, found.quarantined) == (2040, 1), found.table()

    with feed(broker.bootstrap, corpus, "--records", 500) as feeder:  # the chains go on
        feeder.finish()
    bassline("ingest", "--lake", lake, "--kafka", broker.bootstrap)
    bassline(*proof)
    assert audit(lake, broker.bootstrap).written == 2540
