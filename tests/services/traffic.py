# SPDX-License-Identifier: Apache-2.0
"""Simulated records, and the process that sends them."""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

from servers import die_with_parent
from topics import TOPICS


def simulate(bassline, folder: Path, users: int, *options, hours: int = 6, seed: int = 7) -> Path:
    """<topic>.ndjson in the folder. Few hours make few files: each partition has one for each."""
    begin = datetime.datetime(2025, 3, 1, 12, tzinfo=datetime.UTC)
    end = begin + datetime.timedelta(hours=hours)
    bassline("simulate", "--out", folder, "--users", users, "--from", begin.isoformat(), "--to", end.isoformat(),
             "--seed", seed, *options)
    return folder


class Feeder:
    """feeder.py as a process of its own, so that it keeps its pace whatever the test does."""

    def __init__(self, bootstrap: str, folder: Path, *options):
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("feeder.py"), bootstrap, folder, *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, preexec_fn=die_with_parent,  # noqa: PLW1509
        )

    def finish(self, stop: bool = False) -> dict[str, int]:
        """Waits until all is sent, or stops after what is sent; acknowledged records by topic. Then `hostile` says how many
        of those were which kind of hostile record.
        """
        if stop:
            self.process.terminate()
        out, error = self.process.communicate(timeout=600)
        assert self.process.returncode == 0, error
        told = json.loads(out)
        self.hostile: dict[str, int] = told["hostile"]
        return {topic: sum(partitions.values()) for topic, partitions in told["acknowledged"].items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def lines_in(folder: Path) -> int:
    return sum((folder / f"{topic}.ndjson").read_bytes().count(b"\n") for topic in TOPICS)
