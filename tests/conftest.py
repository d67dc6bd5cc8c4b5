# SPDX-License-Identifier: Apache-2.0
"""What every test that runs the program needs."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def bassline():
    """Runs the release binary (or $BASSLINE): bassline("ingest", "--lake", lake) -> CompletedProcess, checked."""
    binary = Path(os.environ.get("BASSLINE", ROOT / "build/release/bassline"))
    assert binary.exists(), f"{binary} is missing: run `make build`"

    def run(*arguments, check=True, timeout=300, **options):
        done = subprocess.run(
            [binary, *map(str, arguments)],
            capture_output=True, text=True, stdin=options.pop("stdin", subprocess.DEVNULL), timeout=timeout, **options,
        )
        if check:
            assert done.returncode == 0, f"{arguments} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    run.binary = binary
    return run
