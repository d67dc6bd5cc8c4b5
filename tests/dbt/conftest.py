# SPDX-License-Identifier: Apache-2.0
"""Builds of the dbt project on each log, once a session: by dbt with its tests, or by the manifest alone, which is quick."""

import duckdb
import pytest
from bronze_from_ndjson import write_bronze
from dbt_project import log_folder, run_dbt
from manifest_runner import Manifest, built_in_parts, events_of


@pytest.fixture(scope="session")
def build(tmp_path_factory, manifest_path):
    """build(name) loads a log into a lake of its own and runs `dbt build`; returns (connection, work folder)."""
    built = {}

    def build_once(name):
        if name not in built:
            work = tmp_path_factory.mktemp(name.replace("/", "_"))
            write_bronze(log_folder(name), work / "lake")
            run_dbt(["build"], work, parsed_by=manifest_path.parents[1])
            built[name] = (duckdb.connect(str(work / "bassline.duckdb"), read_only=True), work)
        return built[name]

    return build_once


@pytest.fixture(scope="session")
def manifest_path(tmp_path_factory):
    """The manifest as the native runtime gets it: compiled where no lake is."""
    work = tmp_path_factory.mktemp("manifest")
    run_dbt(["compile"], work)
    return work / "target" / "manifest.json"


@pytest.fixture(scope="session")
def manifest(manifest_path):
    return Manifest(manifest_path)


@pytest.fixture(scope="session")
def whole(manifest):
    """whole(name) is the runtime after one build of a whole log; not to be built upon."""
    built = {}

    def build_once(name):
        if name not in built:
            built[name], _ = built_in_parts(manifest, [events_of(log_folder(name))])
        return built[name]

    return build_once
