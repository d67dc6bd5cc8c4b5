# SPDX-License-Identifier: Apache-2.0
"""Options from bassline.toml and the environment: which wins, and what a mistake in them is told."""

import json
import os
import subprocess

import pytest


@pytest.fixture
def verify(bassline, tmp_path):
    """verify(settings, *arguments, **environment) runs `verify` where bassline.toml has this text."""
    lake = tmp_path / "lake"
    (tmp_path / "empty.ndjson").write_bytes(b"")
    bassline("ingest", "--lake", lake, "--from", tmp_path / "empty.ndjson")

    def run(settings, *arguments, **environment):
        (tmp_path / "bassline.toml").write_text(settings)
        return bassline(
            "verify", "--lake", lake, *arguments, check=False, cwd=tmp_path, env={**os.environ, **environment}
        )

    return run


def is_json(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.startswith("{") and json.loads(done.stdout)["ok"]


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(verify, tmp_path):
    assert not is_json(verify(""))
    assert is_json(verify("[verify]\njson = true\n"))
    assert is_json(verify("[verify]\njson = false\n", BASSLINE_VERIFY_JSON="true"))
    assert not is_json(verify("[verify]\njson = true\n", BASSLINE_VERIFY_JSON="false"))
    assert is_json(verify("[verify]\njson = false\n", "--json", BASSLINE_VERIFY_JSON="false"))
    (tmp_path / "other.toml").write_text("[verify]\njson = true\n")
    assert is_json(verify("", "--config", "other.toml"))


def test_an_empty_variable_is_none(verify):
    assert is_json(verify("[verify]\njson = true\n", BASSLINE_VERIFY_JSON=""))


def test_what_the_command_line_excludes_counts_as_not_set(bassline, tmp_path):
    (tmp_path / "empty.ndjson").write_bytes(b"")
    (tmp_path / "bassline.toml").write_text("[ingest]\nkafka = 'localhost:1'\ngroup = 'g'\n")
    for environment in ({}, {"BASSLINE_INGEST_KAFKA": "localhost:1", "BASSLINE_INGEST_GROUP": "g"}):
        bassline(
            "ingest", "--lake", tmp_path / "lake", "--from=empty.ndjson", cwd=tmp_path, env={**os.environ, **environment}
        )


def test_settings_of_other_commands_are_theirs(verify):
    assert is_json(verify("[verify]\njson = true\n[ingest]\nthreads = 'abc'\n", BASSLINE_INGEST_MEMORY="plenty"))


def test_a_mistyped_command_is_told(bassline, golden):
    golden("mistyped_command", bassline("verfy", "--lake", "x", check=False))


def test_an_answer_that_cannot_be_written_is_told(bassline, tmp_path):
    (tmp_path / "empty.ndjson").write_bytes(b"")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [bassline.binary, "ingest", "--lake", tmp_path / "lake", "--from", tmp_path / "empty.ndjson", "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "could not all be written" in done.stderr


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("unknown_setting", "[verify]\nmemry = '1GiB'\n"),
        ("unknown_section", "[verfy]\nmemory = '1GiB'\n"),
        ("setting_outside_a_section", "memory = '1GiB'\n"),
        ("wrong_setting", "[verify]\nmemory = 'plenty'\n"),
    ],
)
def test_a_mistake_in_the_settings_is_told(verify, golden, name, settings):
    golden(name, verify(settings))


def test_a_missing_settings_file_is_told(verify, golden):
    golden("missing_settings", verify("", "--config", "nowhere.toml"))
