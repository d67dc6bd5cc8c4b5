# SPDX-License-Identifier: Apache-2.0
"""Where the logs and the dbt project are, and how to run dbt on them."""

import os
import pathlib
import subprocess
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DBT = REPOSITORY / "dbt"
DATA = REPOSITORY / "tests" / "data"
SHARED = pathlib.Path(os.environ.get("BASSLINE_SHARED", REPOSITORY.parent / "shared"))


def log_folder(name):
    """The folder of a log; a log that is not here skips its tests, or fails them where CI is set."""
    folder = DATA / name if (DATA / name).exists() else SHARED / "data" / name
    if folder.exists():
        return folder
    reason = f"the log {name} is neither in {DATA} nor in {SHARED / 'data'}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run_dbt(command, work, *options):
    """Runs dbt with its outputs in the folder `work`; returns what it printed."""
    dbt = pathlib.Path(sys.executable).with_name("dbt")
    arguments = [dbt, "--no-use-colors", "--no-send-anonymous-usage-stats", *command, "--project-dir", DBT]
    arguments += ["--profiles-dir", DBT, "--target-path", work / "target", "--log-path", work / "logs", *options]
    environment = os.environ | {"BASSLINE_DBT_DATABASE": str(work / "bassline.duckdb")}
    done = subprocess.run(arguments, env=environment, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout
