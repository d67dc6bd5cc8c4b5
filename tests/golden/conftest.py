# SPDX-License-Identifier: Apache-2.0
"""Golden tests of the command line: exit code, stdout and stderr of a command, compared byte for byte.

What differs from run to run is replaced first: the test's folder, pids, seconds and rates. `--update` writes the
expected files anew; read the difference before committing it.
"""

import re
from pathlib import Path

import pytest

EXPECTED = Path(__file__).parent / "expected"

VOLATILE = [
    (re.compile(r"in \d+\.\d+ s \(\d+ a second\), \d+\.\d+ MB"), "in # s (# a second), # MB"),
    (re.compile(r"pid \d+"), "pid #"),
    (re.compile(r"\d+ (s|min|h|days) ago *"), "# ago "),
    (re.compile(r"staging/\d+-[0-9a-f]+"), "staging/#"),
    (re.compile(r"_probe-\d+-[0-9a-f]+"), "_probe-#"),
]


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="write the expected files anew")


@pytest.fixture
def golden(request, tmp_path):
    """golden(name, completed): the outcome of a command is as tests/golden/expected/<name>.txt says."""

    def check(name, done):
        text = f"exit code {done.returncode}\n--- stdout\n{done.stdout}--- stderr\n{done.stderr}"
        text = text.replace(str(tmp_path), "$TMP")
        for pattern, replacement in VOLATILE:
            text = pattern.sub(replacement, text)
        path = EXPECTED / f"{name}.txt"
        if request.config.getoption("--update", default=False):
            path.write_text(text)
        assert path.exists(), f"{path} is missing; run with --update\n{text}"
        assert text == path.read_text()

    return check
