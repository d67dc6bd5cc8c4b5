# SPDX-License-Identifier: Apache-2.0
"""`verify` finds every kind of damage, names file and entry, and ends with exit code 3."""

import json
import os
import shutil
import signal

import pytest
from conftest import ROOT


@pytest.fixture
def lake(bassline, tmp_path):
    lake = tmp_path / "lake"
    logs = tmp_path / "logs"
    shutil.copytree(ROOT / "tests/data/golden", logs)
    bassline("ingest", "--lake", lake, "--from", logs, "--threads", 1)
    (tmp_path / "bad.json").write_text("no JSON\n")
    bassline("ingest", "--lake", lake, "--from", tmp_path / "bad.json", "--threads", 1)
    return lake


@pytest.fixture
def verify(bassline, lake):
    return lambda *options: bassline("verify", "--lake", lake, *options, check=False)


def first_file(lake, topic="listen_events"):
    return sorted((lake / "bronze" / topic).rglob("*.parquet"))[0]


def test_ctrl_c_ends_it_without_a_verdict(bassline, lake):
    def interrupt_at_the_start():  # a signal that waits outlives the exec
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        os.kill(os.getpid(), signal.SIGINT)

    stopped = bassline("verify", "--lake", lake, "--full", check=False, preexec_fn=interrupt_at_the_start)  # noqa: PLW1509
    assert (stopped.returncode, stopped.stdout) == (130, "")


def test_a_lake_as_committed(verify, golden):
    golden("verify_clean", verify("--full"))
    answer = json.loads(verify("--json").stdout)
    assert answer["ok"] is True and answer["findings"] == []
    assert sum(p["rows"] for p in answer["partitions"]) == 34
    assert sum(p["quarantined"] for p in answer["partitions"]) == 1
    for partition in answer["partitions"]:
        assert (partition["missing"], partition["duplicate"], partition["chain"]) == (0, 0, "ok")
        assert partition["start"] == 0 < partition["end"]


def test_too_little_memory_is_no_finding(verify):
    refused = verify("--memory", "1MB")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "too little memory" in refused.stderr


def test_a_file_that_is_missing(verify, golden, lake):
    first_file(lake).unlink()
    golden("verify_missing_file", verify())


def test_a_file_that_was_cut(verify, golden, lake):
    path = first_file(lake)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    done = verify()
    assert done.returncode == 3
    assert f"{path} with {len(content)} bytes, it has {len(content) - 1}" in done.stderr


def test_a_changed_byte_is_found_by_its_hash(verify, lake):
    path = first_file(lake)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    done = verify("--full")
    assert done.returncode == 3
    assert str(path) in done.stderr and "entry 1 of chain files" in done.stderr


def test_a_file_that_no_entry_names(verify, golden, lake):
    shutil.copy(first_file(lake), first_file(lake).with_name("stray.parquet"))
    golden("verify_unnamed_file", verify())


def test_an_entry_that_was_changed(verify, golden, lake):
    path = lake / "_ingest/files/log/00000000000000000001.json"
    text = path.read_text()
    at = text.index('"rows":') + len('"rows":')
    path.write_text(text[:at] + "9" + text[at:])
    golden("verify_changed_entry", verify())


def test_an_entry_that_is_missing(verify, golden, lake):
    (lake / "_ingest/files/log/00000000000000000001.json").unlink()
    golden("verify_missing_entry", verify())


def test_a_lake_that_was_compacted_and_lost_old_dates(bassline, verify, golden, lake):
    done = bassline("compact", "--lake", lake, "--retain", 1, "--before", "2100-01-01")
    assert "expired" in done.stdout
    golden("verify_compacted", verify("--full"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--kafka-property", "security.protocol=SSL"), "--kafka-property requires --kafka"),
        (("--schema-registry", "http://localhost:8081"), "--schema-registry requires --kafka"),
        (("--kafka", "localhost:1", "--kafka-property", "sasl.password=hush"), "sasl.password is a secret"),
    ],
)
def test_brokers_that_cannot_be_asked_as_told(verify, arguments, message):
    done = verify(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and done.stdout == ""


def test_a_lake_without_kafka_has_nothing_to_ask_brokers(verify, golden):
    golden("verify_no_kafka_chain", verify("--kafka", "127.0.0.1:1"))
