# SPDX-License-Identifier: Apache-2.0
"""What a power cut may leave of a folder, from the record that crash_recorder.c made of a program's changes to it.

The model is stricter than today's file systems: the content of a file survives as of its last fsync, a name as of the last
fsync of its folder, a rename when either of its two folders was synced. Of what was not synced a cut may keep nothing, all,
or any part: bytes of a file torn or lost, names in any combination, but no name in a folder that did not survive and no
folder gone while there is a name in it; such a change has not happened.
"""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = "folder"


@dataclass
class Change:
    op: str
    file: int
    offset: int
    data: bytes
    path: str
    target: str


def read_log(log: Path) -> list[Change]:
    content, at, changes = log.read_bytes(), 0, []
    while at < len(content):
        end = content.index(b"\n", at)
        op, file, offset, size, one, two = content[at:end].decode().split(" ")
        at = end + 1
        parts = []
        for length in (int(one), int(two), int(size)):
            parts.append(content[at : at + length])
            at += length
        change = Change(op, int(file), int(offset), parts[2], parts[0].decode(), parts[1].decode())
        last = changes[-1] if changes else change
        if op == "W" and last.op == "W" and last.file == change.file and last.offset + len(last.data) == change.offset:
            last.data += change.data  # one write to us; a torn one covers what lies between
        else:
            changes.append(change)
    return changes


@dataclass
class Content:
    """A file: what is on the disk, and what is not."""

    synced: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, data), or (length, None): truncated

    def after(self, kept: list[tuple[int, bytes | None]]) -> bytes:
        data = bytearray(self.synced)
        for offset, written in kept:
            if written is None:
                del data[offset:]
                data.extend(b"\0" * (offset - len(data)))
                continue
            data.extend(b"\0" * (offset - len(data)))
            data[offset : offset + len(written)] = written
        return bytes(data)


@dataclass
class NameChange:
    names: list[tuple[str, object]]  # path and what is there from now on: a Content, FOLDER, or None
    folders: set[str]
    synced: bool = False


class Disk:
    """Follows the changes one by one; leave() makes a folder as a cut here may leave it."""

    def __init__(self, root: Path):
        self.root = str(root)
        self.now: dict[str, object] = {self.root: FOLDER}
        self.changes: list[NameChange] = []
        self.settled: dict[str, object] = {self.root: FOLDER}  # folded from changes that are all synced
        self.open: dict[int, tuple[str, object]] = {}

    def apply(self, change: Change) -> None:
        if change.op == "O":
            if change.path not in self.now:
                if not change.offset:  # a name that was there before, as the root's own
                    self.open.pop(change.file, None)
                    return
                self._rename([(change.path, Content())])
            self.open[change.file] = (change.path, self.now[change.path])
        elif change.op in "WT" and change.file in self.open:
            content = self.open[change.file][1]
            if isinstance(content, Content):
                content.pending.append((change.offset, change.data if change.op == "W" else None))
        elif change.op == "S" and change.file in self.open:
            self._sync(*self.open[change.file])
        elif change.op == "M":
            self._rename([(change.path, FOLDER)])
        elif change.op == "R":
            self._rename([(change.target, self.now.get(change.path)), (change.path, None)])
        elif change.op == "L":
            self._rename([(change.target, self.now.get(change.path))])
        elif change.op == "U":
            self._rename([(change.path, None)])

    def _rename(self, names: list[tuple[str, object]]) -> None:
        self.changes.append(NameChange(names, {os.path.dirname(path) for path, _ in names}))
        for path, what in names:
            if what is None:
                self.now.pop(path, None)
            else:
                self.now[path] = what

    def _sync(self, path: str, what: object) -> None:
        if isinstance(what, Content):
            what.synced, what.pending = what.after(what.pending), []
            return
        for change in self.changes:
            change.synced |= path in change.folders
        while self.changes and self.changes[0].synced and all(
                self._reachable(path, self.settled) for path, what in self.changes[0].names if what is not None):
            self._put(self.settled, self.changes.pop(0))

    @staticmethod
    def _put(names: dict[str, object], change: NameChange) -> None:
        for path, what in change.names:
            if what is None:
                names.pop(path, None)
            else:
                names[path] = what

    def state(self, rng: random.Random | None) -> dict[str, bytes | None]:
        """Path and content (None: a folder) of what survives: without `rng` only what was synced."""
        names = dict(self.settled)
        for change in self.changes:
            kept = change.synced or (rng and rng.random() < 0.5)
            if kept and self._possible(change, names):
                self._put(names, change)
        return {path: self._content(what, rng) for path, what in sorted(names.items())}

    def _possible(self, change: NameChange, names: dict[str, object]) -> bool:
        for path, what in change.names:
            if what is not None and not self._reachable(path, names):
                return False
            if what is None and names.get(path) == FOLDER and any(name.startswith(path + "/") for name in names):
                return False
        return True

    def _reachable(self, path: str, names: dict[str, object]) -> bool:
        while path != self.root:
            path = os.path.dirname(path)
            if names.get(path) != FOLDER:
                return False
        return True

    @staticmethod
    def _content(what: object, rng: random.Random | None) -> bytes | None:
        if not isinstance(what, Content):
            return None
        if rng is None or not what.pending:
            return what.synced
        kept = [write for write in what.pending if rng.random() < 0.5]  # blocks reach the disk in any order
        data = what.after(kept)
        return data[: rng.randint(len(what.synced), len(data))] if len(data) > len(what.synced) and rng.random() < 0.5 else data


def leave(state: dict[str, bytes | None], root: Path, target: Path) -> None:
    """Makes the folder `target` as the state says of `root`."""
    for path, content in state.items():
        place = target / Path(path).relative_to(root)
        if content is None:
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(content)
