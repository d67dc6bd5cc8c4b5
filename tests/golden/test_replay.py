# SPDX-License-Identifier: Apache-2.0
"""`replay` and `status`: what people read, and what is refused with the fix."""

import re

import pytest
from conftest import ROOT


@pytest.fixture
def lake(bassline, tmp_path):
    bassline("ingest", "--lake", tmp_path / "lake", "--from", ROOT / "tests/data/golden", "--threads", 1)
    (tmp_path / "bad.json").write_text('no JSON\n{"ts": 4102444800000, "sessionId": 1, "page": "Home", "itemInSession": 0}\n')
    bassline("ingest", "--lake", tmp_path / "lake", "--from", tmp_path / "bad.json", "--threads", 1)
    return tmp_path / "lake"


def test_a_replay_and_what_stays(bassline, golden, lake):
    golden("replay_dry_run", bassline("replay", "--lake", lake, "--dry-run", "--ahead-max", "1000000h"))
    golden("replay_one_reason", bassline("replay", "--lake", lake, "--reason", "bad_json"))
    golden("replay_ahead", bassline("replay", "--lake", lake, "--ahead-max", "1000000h"))
    golden("replay_nothing_more", bassline("replay", "--lake", lake))


def test_misuse(bassline, golden, lake, tmp_path):
    golden("replay_unknown_reason", bassline("replay", "--lake", lake, "--reason", "bad", check=False))
    golden("replay_without_a_lake", bassline("replay", "--lake", tmp_path / "none", check=False))
    golden("status_without_a_lake", bassline("status", "--lake", tmp_path / "none", check=False))
    assert not (tmp_path / "none").exists()
    assert not (lake / "_ingest/compact").exists()


def test_status(bassline, golden, lake):
    done = bassline("status", "--lake", lake)
    # A file's size depends on the time that is in it.
    done.stdout = re.sub(r"^(\w+ +\d+) +\d+ +(\d+)", r"\1 # \2", done.stdout, flags=re.M)
    golden("status_never_built", done)
