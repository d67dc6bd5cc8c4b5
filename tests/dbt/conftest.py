# SPDX-License-Identifier: Apache-2.0
"""Builds of the dbt project on each log, once a session."""

import os
import pathlib
import subprocess
import sys

import duckdb
import pytest
from bronze_from_ndjson import write_bronze

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


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """build(name) loads a log into a lake of its own and runs `dbt build`; returns (connection, work folder)."""
    built = {}

    def build_once(name):
        if name not in built:
            work = tmp_path_factory.mktemp(name.replace("/", "_"))
            write_bronze(log_folder(name), work / "lake")
            run_dbt(["build"], work, "--vars", f"lake: {work / 'lake'}")
            built[name] = (duckdb.connect(str(work / "bassline.duckdb"), read_only=True), work)
        return built[name]

    return build_once


@pytest.fixture(scope="session")
def manifest_path(tmp_path_factory):
    """The manifest as the native runtime gets it: compiled without any lake."""
    work = tmp_path_factory.mktemp("manifest")
    run_dbt(["compile"], work)
    return work / "target" / "manifest.json"
