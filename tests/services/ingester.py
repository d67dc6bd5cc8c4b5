# SPDX-License-Identifier: Apache-2.0
"""`bassline ingest --kafka` as a process to do things to, and what its lake says about work in progress."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
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
        """Chains in which a file staged by that process stands; its writer's folder begins with the pid.

        Asked while the process stands still, so it has to be quick: folders of the hundreds that died are not opened.
        """
        def stages(chain: Path) -> bool:
            with suppress(FileNotFoundError), os.scandir(chain / "staging") as writers:
                return any(any(files for _, _, files in os.walk(writer)) for writer in writers
                           if writer.name.startswith(f"{pid}-"))
            return False

        return {chain.name for chain in self.chains() if stages(chain)}

    def newest(self, chain: str) -> dict | None:
        log = self.path / "_ingest" / chain / "log"
        newest = max((name for name in os.listdir(log) if name.endswith(".json")), default=None) if log.exists() else None
        return json.loads((log / newest).read_text()) if newest else None

    def entries(self) -> Iterator[dict]:
        for chain in self.chains():
            for path in sorted((chain / "log").glob("*.json")):
                yield json.loads(path.read_text())

    def end(self) -> int:
        """Records behind all chains, if their partitions begin at offset 0."""
        newest = [self.newest(chain.name) for chain in self.chains()]
        return sum(range_["end"] for entry in newest if entry for range_ in entry.get("ranges", []))

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
