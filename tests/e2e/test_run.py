# SPDX-License-Identifier: Apache-2.0
"""`bassline run` as a newcomer lives with it: charts that follow the input, faults that do not end it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
from logs import ROOT

GOLDEN = ROOT / "tests/data/golden"
PATIENCE_S = 60


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen within {PATIENCE_S} s")


class Live:
    """A running `bassline run` over a folder of logs."""

    def __init__(self, folder):
        self.folder, self.lake, self.logs = folder, folder / "lake", folder / "logs"
        self.logs.mkdir()
        for path in GOLDEN.glob("*.ndjson"):
            shutil.copy(path, self.logs)
        program = os.environ.get("BASSLINE", ROOT / "build/release/bassline")
        self.errors = folder / "stderr"
        self.process = subprocess.Popen(
            [program, "run", "--lake", self.lake, "--from", self.logs, "--port", "0"],
            stdout=(folder / "stdout").open("w"), stderr=self.errors.open("w"), stdin=subprocess.DEVNULL,
        )
        found = wait_for(lambda: re.search(r"http://\S+", (folder / "stdout").read_text()), "the address")
        self.address = found.group(0)

    def status(self) -> dict:
        with urllib.request.urlopen(f"{self.address}api/v1/status", timeout=10) as answer:
            return json.load(answer)

    def append(self, topic: str, line: str):
        with (self.logs / f"{topic}.ndjson").open("a") as log:
            log.write(line)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_S)


@pytest.fixture
def live(tmp_path):
    running = Live(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def test_a_line_appended_at_the_source_reaches_the_charts(live, bassline):
    wait_for(lambda: live.status()["snapshot"] == 1, "the first snapshot")
    live.append("page_view_events", (GOLDEN / "page_view_events.ndjson").read_text().splitlines()[0].replace(
        '"sessionId":101', '"sessionId":909') + "\n")
    wait_for(lambda: live.status()["snapshot"] == 2, "a second snapshot")
    assert live.interrupt() == 130
    assert bassline("verify", "--lake", live.lake, "--full").returncode == 0


def test_another_build_of_the_lake_does_not_end_the_run(live, bassline):
    wait_for(lambda: live.status()["snapshot"] == 1, "the first snapshot")
    for _ in range(3):
        bassline("build", "--lake", live.lake, "--full-refresh", check=False)
    assert live.process.poll() is None
    wait_for(lambda: live.status()["snapshot"] >= 2, "the other build on the page")
    assert live.interrupt() == 130


def test_a_file_replaced_under_the_run_is_told(live):
    wait_for(lambda: live.status()["snapshot"] == 1, "the first snapshot")
    (live.logs / "listen_events.ndjson").write_text('{"other": "content"}\n')
    wait_for(lambda: "refused" in live.errors.read_text(), "the refusal on stderr")
    assert live.process.poll() is None
    assert live.interrupt() == 130


def test_a_port_in_use_is_told_before_any_work(bassline, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = bassline("run", "--lake", tmp_path / "lake", "--users", "20", "--days", "1", "--port", port,
                           check=False, timeout=PATIENCE_S)
    assert refused.returncode == 2
    assert str(port) in refused.stderr
    assert not (tmp_path / "lake").exists()
