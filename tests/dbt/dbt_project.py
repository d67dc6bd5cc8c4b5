# SPDX-License-Identifier: Apache-2.0
"""Where the logs and the dbt project are, and how to run dbt on them."""

import os
import pathlib
import shutil
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


def run_dbt(command, work, parsed_by=None):
    """Runs dbt in the folder `work`, on the lake there; returns what it printed.

    Lake and database are named relative to the folder, so every run parses the same: one may take over what another
    `parsed_by` its folder has parsed, half of a short command's time.
    """
    dbt = pathlib.Path(sys.executable).with_name("dbt")
    arguments = [dbt, "--no-use-colors", "--no-send-anonymous-usage-stats", *command, "--project-dir", DBT]
    arguments += ["--profiles-dir", DBT, "--target-path", work / "target", "--log-path", work / "logs", "--vars", "lake: lake"]
    environment = os.environ | {"BASSLINE_DBT_DATABASE": "bassline.duckdb"}
    if parsed_by:
        (work / "target").mkdir()
        shutil.copy(parsed_by / "target" / "partial_parse.msgpack", work / "target")
    done = subprocess.run(arguments, env=environment, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout
