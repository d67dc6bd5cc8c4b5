# SPDX-License-Identifier: Apache-2.0
"""A running `bassline serve` for tests: the release program on a lake made by hand, on a free port of 127.0.0.1."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import synthetic_lake

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("BASSLINE", ROOT / "build/release/bassline"))


@dataclass
class Served:
    process: subprocess.Popen
    port: int
    lake: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def start(lake: Path, *arguments: str) -> Served:
    command = [PROGRAM, "serve", "--lake", str(lake), "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    return Served(process, int(line.rstrip("/\n").rsplit(":", 1)[1]), lake)


def stop(served: Served) -> int:
    served.process.send_signal(signal.SIGINT)
    try:
        return served.process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        served.process.kill()
        raise


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    running = start(synthetic_lake.make_lake(tmp_path_factory.mktemp("web") / "lake"))
    yield running
    stop(running)
