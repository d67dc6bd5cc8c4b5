# SPDX-License-Identifier: Apache-2.0
"""`bassline ingest --kafka` as a process to do things to, and what its lake says about work in progress."""

import json
import os
import signal
import subprocess
from pathlib import Path

from servers import die_with_parent

# Small batches and a group that misses a member soon, so that faults meet work and rebalances.
EAGER = ("--commit-interval", "200ms", "--kafka-property", "session.timeout.ms=1500",
         "--kafka-property", "heartbeat.interval.ms=300")


class KafkaLake:
    """What stands on disk. Only names and entries are read, so that it may be asked while others write."""

    def __init__(self, path: Path):
        self.path = path

    def chains(self) -> list[Path]:
        return sorted((self.path / "_ingest").glob("kafka-*"))

    def staged_chains(self, pid: int) -> set[str]:
        """Chains in which a file staged by that process stands; its writer's name begins with the pid."""
        found = set()
        for chain in self.chains():
            for folder, _, files in os.walk(chain / "staging"):
                if files and any(part.startswith(f"{pid}-") for part in Path(folder).relative_to(chain).parts):
                    found.add(chain.name)
        return found

    def newest(self, chain: str) -> dict | None:
        log = self.path / "_ingest" / chain / "log"
        names = sorted(log.glob("*.json"))
        return json.loads(names[-1].read_text()) if names else None

    def unpublished(self) -> bool:
        """The newest entry of some chain has a file that does not stand under its final name."""
        entries = (self.newest(chain.name) for chain in self.chains())
        return any(entry is not None and any(not (self.path / output["final"]).exists() for output in entry.get("outputs", []))
                   for entry in entries)


class Ingester:
    """One process that follows the topics; its words go to a file of its own."""

    def __init__(self, binary: Path, lake: KafkaLake, bootstrap: str, *options, log: Path, failpoint: str = ""):
        self.lake, self.log, self.stopped = lake, log, False
        environment = {name: value for name, value in os.environ.items() if name != "BASSLINE_FAILPOINTS"}
        if failpoint:
            environment["BASSLINE_FAILPOINTS"] = failpoint
        with log.open("ab") as words:
            self.process = subprocess.Popen(
                [binary, "ingest", "--lake", lake.path, "--kafka", bootstrap, "--follow", *map(str, options)],
                stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment,
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def works(self) -> set[str]:
        """Chains for which it has staged files."""
        return self.lake.staged_chains(self.pid)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def kill(self) -> int:
        self.process.kill()
        return self.process.wait(60)

    def terminate(self) -> int:
        """Asks it to drain and end; its exit code."""
        if self.stopped:
            self.go_on()
        self.process.terminate()
        return self.process.wait(120)

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]
