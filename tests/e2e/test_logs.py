# SPDX-License-Identifier: Apache-2.0
"""Every real log, from files to gold: each figure of its expected.json, computed independently of this project."""

import hashlib
import json
from pathlib import Path

import pytest
from expectations import check_expected, check_golden, load_expected
from lake_tables import open_lake
from logs import log_folder

LOGS = ["golden", "eventsim", "eventsim_single_stream", "sparkify_2018_11"]


def tree(lake: Path) -> dict[str, str]:
    """Every file of the lake with the hash of its content."""
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(lake.rglob("*"))
        if path.is_file() and path.name != "lock"  # a lock keeps the last holder's pid
    }


@pytest.fixture(scope="module", params=LOGS)
def built(request, bassline, tmp_path_factory):
    """(lake, folder of the log) after one ingest and one build."""
    folder = log_folder(request.param)
    lake = tmp_path_factory.mktemp(request.param) / "lake"
    source = folder / "*.ndjson" if request.param == "golden" else folder
    bassline("ingest", "--lake", lake, "--from", source)
    bassline("build", "--lake", lake)
    return lake, folder


def test_every_figure_is_as_expected(built):
    lake, folder = built
    check = check_golden if folder.name == "golden" else check_expected
    assert check(open_lake(lake), load_expected(folder)) == []


def test_as_many_lines_are_in_quarantine_as_cannot_be_parsed(built, bassline):
    lake, folder = built
    answer = bassline("query", "--lake", lake, "--format", "json", "select count(*) as lines from quarantine").stdout
    assert json.loads(answer) == [{"lines": load_expected(folder).get("unparsable", 0)}]


def test_next_songs_equal_listens_on_every_date(built):
    lake, _ = built
    differing = open_lake(lake).execute(
        """
        select event_date, page_views, listens
        from (select event_date, count(*) as page_views from silver.fact_page_view_events where page = 'NextSong'
              group by event_date)
        full join (select event_date, count(*) as listens from silver.fact_listen_events group by event_date)
        using (event_date)
        where page_views is distinct from listens
        """
    ).fetchall()
    assert differing == []


def test_facts_of_nobody_known_point_at_the_unknown_member(built):
    lake, folder = built
    anonymous, unknown, found = open_lake(lake).execute(
        """
        select count(*) filter (fact.resolved_user_id is null), count(*) filter (fact.person_key = '-1'), count(nobody.user_key)
        from silver.fact_page_view_events as fact
        left join silver.dim_user as nobody on fact.person_key = '-1' and nobody.person_key = '-1'
        """
    ).fetchone()
    assert anonymous == unknown == found
    assert (anonymous > 0) is (folder.name != "golden")


def test_verify_is_clean(built, bassline):
    lake, _ = built
    answer = json.loads(bassline("verify", "--lake", lake, "--full", "--json").stdout)
    assert answer["ok"] is True
    assert all(p["missing"] == 0 and p["duplicate"] == 0 for p in answer["partitions"])


def test_a_second_run_writes_nothing(built, bassline):
    lake, folder = built
    source = folder / "*.ndjson" if folder.name == "golden" else folder
    before = tree(lake)
    bassline("ingest", "--lake", lake, "--from", source)
    bassline("build", "--lake", lake)
    assert tree(lake) == before
