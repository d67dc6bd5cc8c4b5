# SPDX-License-Identifier: Apache-2.0
"""What a build does when something is wrong: it publishes nothing, says why, and the next one puts it right."""

import fcntl
import json
import os
import shutil
import signal

import pytest
from logs import ROOT, log_folder
from lake_files import assert_projection_is_newest, assert_same_tables, newest_snapshot, snapshot_numbers

GOLDEN = log_folder("golden")


@pytest.fixture(scope="module")
def bronze(bassline, tmp_path_factory):
    """A lake with the golden events and no build."""
    lake = tmp_path_factory.mktemp("bronze") / "lake"
    bassline("ingest", "--lake", lake, "--from", GOLDEN / "*.ndjson")
    return lake


@pytest.fixture(scope="module")
def built(bassline, bronze, tmp_path_factory):
    lake = shutil.copytree(bronze, tmp_path_factory.mktemp("built") / "lake")
    bassline("build", "--lake", lake)
    return lake


@pytest.fixture
def lake(bronze, tmp_path):
    return shutil.copytree(bronze, tmp_path / "lake")


@pytest.fixture
def models(bassline, tmp_path):
    """A copy of the packaged models that a test may change."""
    binary = os.environ.get("BASSLINE", ROOT / "build/release/bassline")
    copied = shutil.copytree(os.path.join(os.path.dirname(binary), "bassline-models"), tmp_path / "models")
    (copied / "sources.json").unlink()
    return copied


def change(models, alter):
    path = models / "manifest.json"
    manifest = json.loads(path.read_text())
    alter(manifest)
    path.write_text(json.dumps(manifest))


def failing_test(manifest, severity):
    """Makes every test of fact_listen_events yield one failing row."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node") == "model.bassline.fact_listen_events":
            node["compiled_code"] = "select 1 as failing"
            node["config"] |= {"severity": severity, "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0"}


def test_a_failing_test_publishes_nothing_skips_descendants_and_exits_3(bassline, lake, models):
    change(models, lambda manifest: failing_test(manifest, "ERROR"))
    done = bassline("build", "--lake", lake, "--models", models, "--json", check=False)
    assert done.returncode == 3, done.stderr
    answer = json.loads(done.stdout)
    assert answer["tests"]["fail"] > 0
    assert answer["published"] is False
    assert snapshot_numbers(lake) == []
    assert not (lake / "gold").exists()
    assert not (lake / "silver").exists()
    assert list((lake / "_versions").glob("*")) == [] if (lake / "_versions").exists() else True
    results = json.loads((lake / "_runs" / answer["run"] / "run_results.json").read_text())["results"]
    statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
    assert set(statuses.values()) == {"success", "pass", "fail", "skipped"}
    assert statuses["fact_listen_events"] == statuses["mean_session_time"] == "success"
    assert statuses["new_user_week1_behavior"] == "skipped", "it reads the facts that failed"


def test_descendants_of_a_failed_model_are_skipped_and_the_exit_is_1(bassline, lake, models):
    def break_facts(manifest):
        manifest["nodes"]["model.bassline.int_sessions"]["compiled_code"] = "select no_such_column"

    change(models, break_facts)
    done = bassline("build", "--lake", lake, "--models", models, "--json", check=False)
    assert done.returncode == 1
    status = {model["name"]: model["status"] for model in json.loads(done.stdout)["models"]}
    assert status["int_sessions"] == "error"
    assert status["mean_session_time"] == "skipped"
    assert status["int_duplicate_events"] == "success"
    assert "no_such_column" in done.stderr
    assert snapshot_numbers(lake) == []


def test_values_at_the_edges_of_their_types_end_no_build(bassline, lake, tmp_path):
    least, greatest = -(1 << 63), (1 << 63) - 1
    step = {"ts": 1741132800000, "sessionId": 1, "page": "Login", "auth": "Logged In", "method": "PUT", "status": 200,
            "level": "free", "itemInSession": 0, "city": "Austin", "zip": "78701", "state": "TX", "userAgent": "x",
            "lon": -97.7, "lat": 30.3, "userId": 7, "lastName": "Lee", "firstName": "Ada", "gender": "F",
            "registration": 1741000000000}
    song = {"page": "NextSong", "artist": "A", "song": "S"}
    edges = [
        {"itemInSession": (1 << 31) - 1}, {"itemInSession": -(1 << 31)}, {"lat": 1.7e308, "lon": -1.7e308}, {"lat": 91},
        {"registration": greatest, "sessionId": 2, "userId": 8}, {"registration": least, "sessionId": 3, "userId": 9}, {"status": (1 << 31) - 1}, {"status": -(1 << 31)},
        {"sessionId": greatest}, {"sessionId": least}, {"userId": 10**29}, {"userId": greatest}, {"userId": least},
        {**song, "duration": -1.7e308}, {**song, "duration": 5e-324}, {"city": "\0"}, {"ts": 946684800000},
    ]
    login = {"page": None, "auth": None, "method": None, "status": None, "success": True, "itemInSession": 1}
    steps = [step | {"ts": step["ts"] + 1000 * number} | edge for number, edge in enumerate([{}, *edges])]
    plays = [{name: value for name, value in each.items() if name not in ("page", "method", "status")}
             for each in steps if "duration" in each]
    plays += [{name: value for name, value in (step | login).items() if value is not None}]
    (tmp_path / "edges.ndjson").write_text("".join(json.dumps(each) + "\n" for each in steps + plays))
    told = bassline("ingest", "--lake", lake, "--from", tmp_path / "edges.ndjson", "--json")
    assert sum(topic["written"] for topic in json.loads(told.stdout)["topics"].values()) == len(steps + plays)
    bassline("build", "--lake", lake)


def test_a_warning_only_counts(bassline, lake, models):
    change(models, lambda manifest: failing_test(manifest, "WARN"))
    done = bassline("build", "--lake", lake, "--models", models, "--json")
    answer = json.loads(done.stdout)
    assert answer["published"] is True
    assert answer["tests"]["warn"] > 0
    assert answer["tests"]["fail"] == 0


def test_a_failed_build_leaves_the_published_tables_as_they_were(bassline, built, models, tmp_path):
    lake = shutil.copytree(built, tmp_path / "lake")
    before = newest_snapshot(lake)
    change(models, lambda manifest: failing_test(manifest, "ERROR"))
    assert bassline("build", "--lake", lake, "--models", models, "--full-refresh", check=False).returncode == 3
    assert newest_snapshot(lake) == before
    assert_projection_is_newest(lake)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("dbt_schema_version", "https://schemas.getdbt.com/dbt/manifest/v13.json", "v13"),
        ("dbt_schema_version", "something else", "something else"),
        ("adapter_type", "spark", "spark"),
    ],
)
def test_a_manifest_we_do_not_know_is_refused_by_name(bassline, lake, models, key, value, named):
    change(models, lambda manifest: manifest["metadata"].update({key: value}))
    done = bassline("build", "--lake", lake, "--models", models, check=False)
    assert done.returncode == 2
    assert named in done.stderr
    assert snapshot_numbers(lake) == []


def test_a_manifest_older_than_its_sources_is_refused_where_dbt_is_not_installed(bassline, lake, models, tmp_path):
    project = tmp_path / "project/dbt"
    project.mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: changed\n")
    (models / "sources.json").write_text(json.dumps({"project": "../project/dbt", "files": {"dbt_project.yml": "0"}}))
    done = bassline("build", "--lake", lake, "--models", models, check=False)
    assert done.returncode == 2
    assert "older than their sources" in done.stderr
    assert "dbt_project.yml" in done.stderr


def test_missing_models_are_named_with_the_fix(bassline, lake, tmp_path):
    done = bassline("build", "--lake", lake, "--models", tmp_path / "none", check=False)
    assert done.returncode == 1
    assert "BASSLINE_MODELS" in done.stderr


def test_a_second_build_at_the_same_time_is_refused(bassline, lake):
    (lake / "_snapshots").mkdir()
    with open(lake / "_snapshots/lock", "w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = bassline("build", "--lake", lake, check=False)
    assert done.returncode == 1
    assert "is building the lake" in done.stderr
    assert "4711" in done.stderr


PLACES = [
    "models.task=kill@40",
    "models.copy_version=kill@1",
    "models.copy_version=kill@20",
    "lake.snapshot.before_rename=kill",
    "lake.snapshot.committed=kill",
    "lake.snapshot.project_file=kill@1",
    "lake.snapshot.project_file=kill@12",
    "lake.snapshot.project_done=kill",
]


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_a_build_killed_anywhere_is_put_right_by_the_next(bassline, lake, built, place):
    killed = bassline("build", "--lake", lake, check=False, env=os.environ | {"BASSLINE_FAILPOINTS": place})
    assert killed.returncode == -signal.SIGKILL, f"{place} was not met: {killed.stderr}"
    committed = len(snapshot_numbers(lake))
    done = json.loads(bassline("build", "--lake", lake, "--json").stdout)
    assert done["nothing_new"] is (committed == 1)
    assert snapshot_numbers(lake) == [1]
    assert_same_tables(lake, built)
    assert_projection_is_newest(lake)
    assert [path.name for path in (lake / "_versions").iterdir()] == [newest_snapshot(lake)["run"]]
    assert sorted(path.name for path in (lake / "_snapshots").iterdir() if path.name.startswith(("staged", "projecting"))) == []


@pytest.mark.parametrize("place", ["storage.sync=eio@3", "storage.create=enospc@5", "lake.snapshot.before_rename=eio"])
def test_a_disk_error_fails_the_build_and_the_next_one_succeeds(bassline, lake, built, place):
    failed = bassline("build", "--lake", lake, check=False, env=os.environ | {"BASSLINE_FAILPOINTS": place})
    assert failed.returncode == 1, failed.stderr
    bassline("build", "--lake", lake)
    assert_same_tables(lake, built)
    assert_projection_is_newest(lake)


def test_a_fault_after_the_commit_is_a_warning_and_the_next_build_projects(bassline, lake, built):
    fault = os.environ | {"BASSLINE_FAILPOINTS": "lake.snapshot.project_file=eio@3"}
    done = bassline("build", "--lake", lake, "--json", env=fault)
    assert json.loads(done.stdout)["published"] is True
    assert "snapshot 1 is published, but its files under silver/ and gold/" in done.stderr
    assert json.loads(bassline("build", "--lake", lake, "--json").stdout)["nothing_new"] is True
    assert_same_tables(lake, built)
    assert_projection_is_newest(lake)
