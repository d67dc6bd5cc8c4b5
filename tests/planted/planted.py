# SPDX-License-Identifier: Apache-2.0
"""Plants one bug after another and shows that a test catches each: `make planted`.

usage: planted.py [NAME...]     names of patches in this folder; without any, all

A patch says in its head which test must fail ("Caught by"), by which words ("Fails with", a pattern that the test's
failure must match: any other failure catches nothing), and what stands in its environment. The tree is copied to
build/planted/tree and built there, so that the product never has a switch for a bug. First the named tests run on the copy
as it is and must pass: a test that fails anyway catches nothing.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build/planted/tree"
LINKS = (".venv", ".deps", "web/node_modules")


@dataclass
class Bug:
    patch: Path
    says: str
    test: str
    words: str
    environment: dict[str, str]


def read(patch: Path) -> Bug:
    head = patch.read_text().split("\n---", 1)[0]
    fields = dict(re.findall(r"^(Bug|Caught by|Fails with|Environment): (.*)$", head, re.MULTILINE))
    environment = dict(pair.split("=", 1) for pair in fields.get("Environment", "").split())
    return Bug(patch, fields["Bug"], fields["Caught by"], fields["Fails with"], environment)


def copy_tree() -> None:
    """The tracked files as they are now; those that did not change keep their times, so that a second run builds little."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.splitlines()
    for name in listed:
        source, target = ROOT / name, TREE / name
        if not source.is_file() or (target.exists() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for name in LINKS:
        if not (TREE / name).is_symlink():
            (TREE / name).symlink_to((ROOT / name).resolve())


def build() -> None:
    subprocess.run(["tools/build", "release"], cwd=TREE, check=True)


def test(bug: Bug) -> tuple[bool, str]:
    """Whether it passed, and why not. The tests are the tree's own; only the program is planted."""
    environment = {**os.environ, **bug.environment, "BASSLINE": str(TREE / "build/release/bassline")}
    done = subprocess.run(["tools/test-services", bug.test, "-x"], cwd=ROOT, env=environment, capture_output=True, text=True,
                          check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"error: {bug.test} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0, "\n".join(line[1:].strip() for line in done.stdout.splitlines() if line.startswith("E  "))


def patch(bug: Bug, *options: str) -> None:
    with bug.patch.open() as text:
        subprocess.run(["patch", "--strip=1", "--fuzz=0", "--quiet", "--no-backup-if-mismatch", *options], cwd=TREE, stdin=text, check=True)


def main(names: list[str]) -> int:
    bugs = [read(path) for path in sorted(Path(__file__).parent.glob("*.patch")) if not names or path.stem in names]
    if not bugs:
        print(f"error: no patch of those names in {Path(__file__).parent}", file=sys.stderr)
        return 2
    copy_tree()
    build()
    healthy = {(bug.test, *bug.environment.items()): bug for bug in bugs}
    for bug in healthy.values():
        passed, why = test(bug)
        if not passed:
            print(f"error: {bug.test} fails without any bug:\n{why[:2000]}", file=sys.stderr)
            return 1
    missed = 0
    for bug in bugs:
        patch(bug)
        try:
            build()
            passed, why = test(bug)
        finally:
            patch(bug, "--reverse")
        word = re.search(rf".{{0,80}}(?:{bug.words}).{{0,80}}", why)
        missed += word is None
        verdict = "caught" if word else "MISSED" if passed else "WRONG REASON"
        print(f"{verdict}  {bug.patch.stem}: {bug.says}\n        {bug.test}\n        "
              f"{word[0] if word else why[:2000]}", flush=True)
    print(f"{len(bugs) - missed} of {len(bugs)} planted bugs caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
