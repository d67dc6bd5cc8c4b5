# SPDX-License-Identifier: Apache-2.0
"""The README's commands are run and print what the README says, times and run names aside.

README_UPDATE=1 writes what they print now into the README; read the diff.
"""

import os
import re
import shlex

from logs import ROOT

README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
VOLATILE = [
    (re.compile(r"\d+\.\d+ s\b"), "# s"),
    (re.compile(r"\(\d+ a second\)"), "(# a second)"),
    (re.compile(r"\d{8}-\d{8}T\d+Z"), "<run>"),
    (re.compile(r"\d+\.\d MB of Parquet"), "# MB of Parquet"),
]


def steady(text: str) -> str:
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text


def commands(block: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def played(block: str, bassline, folder) -> str:
    """The block as it would look if its commands were run now, in order."""
    lines = []
    for command in commands(block):
        words = shlex.split(command)
        assert words[0] == "bassline", command
        lines += [f"$ {command}\n", bassline(*words[1:], cwd=folder).stdout]
    return "".join(lines)


def test_the_readmes_commands_print_what_it_says(bassline, tmp_path):
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    text = README.read_text()
    blocks = BLOCK.findall(text)
    assert len(blocks) >= 3
    now = [played(block, bassline, tmp_path) for block in blocks]
    if os.environ.get("README_UPDATE"):
        for block, output in zip(blocks, now, strict=True):
            text = text.replace(block, output)
        README.write_text(text)
    assert [steady(block) for block in blocks] == [steady(output) for output in now]
