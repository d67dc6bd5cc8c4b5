# SPDX-License-Identifier: Apache-2.0
"""`compact` refuses what makes no sense, with the fix, and changes nothing."""

import pytest
from conftest import ROOT


@pytest.fixture
def lake(bassline, tmp_path):
    bassline("ingest", "--lake", tmp_path / "lake", "--from", ROOT / "tests/data/golden", "--threads", 1)
    return tmp_path / "lake"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("compact_bad_time", ("--before", "yesterday")),
        ("compact_no_day_retained", ("--retain", "0")),
        ("compact_grace_without_unit", ("--grace", "10")),
    ],
)
def test_misuse(bassline, golden, lake, name, options):
    golden(name, bassline("compact", "--lake", lake, *options, check=False))
    assert not (lake / "_ingest/compact").exists()


def test_without_a_lake(bassline, golden, tmp_path):
    golden("compact_without_a_lake", bassline("compact", "--lake", tmp_path / "none", check=False))
    assert not (tmp_path / "none").exists()


def test_a_lake_without_small_files(bassline, golden, lake):
    golden("compact_nothing_to_merge", bassline("compact", "--lake", lake))
