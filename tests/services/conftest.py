# SPDX-License-Identifier: Apache-2.0
"""One broker and one registry for all tests of this folder, started by the first that asks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import Broker, Registry
from topics import TOPICS, Topics

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def topics(broker):
    """The four topics, empty."""
    made = Topics(broker.bootstrap).recreate()
    yield made
    made.delete()


@pytest.fixture(scope="session")
def corpus(bassline, tmp_path_factory) -> Path:
    """Records of two days: <topic>.ndjson in a folder, some 28,000."""
    return simulate(bassline, tmp_path_factory.mktemp("corpus"), users=6000)


def simulate(bassline, folder: Path, users: int, *options, seed: int = 7) -> Path:
    bassline("simulate", "--out", folder, "--users", users, "--from", "2025-03-01", "--to", "2025-03-03", "--seed", seed,
             *options)
    return folder


class Feeder:
    """feeder.py as a process of its own, so that it keeps its pace whatever the test does."""

    def __init__(self, bootstrap: str, folder: Path, *options):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "feeder.py", bootstrap, folder, *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def finish(self, stop: bool = False) -> dict[str, int]:
        """Waits until all is sent, or stops after what is sent; acknowledged records by topic."""
        import json

        if stop:
            self.process.terminate()
        out, error = self.process.communicate(timeout=600)
        assert self.process.returncode == 0, error
        return {topic: sum(partitions.values()) for topic, partitions in json.loads(out).items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def feed():
    """feed(bootstrap, folder, "--rate", 500) -> Feeder; without a rate use .finish() for the counts."""
    return Feeder


def lines_in(folder: Path) -> int:
    return sum((folder / f"{topic}.ndjson").read_bytes().count(b"\n") for topic in TOPICS)
