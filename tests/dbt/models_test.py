# SPDX-License-Identifier: Apache-2.0
"""The models on dbt-duckdb, from bronze that an independent loader wrote."""

import json
import shutil

import pytest
from bronze_from_ndjson import repaired
from dbt_project import DATA, log_folder, run_dbt
from expectations import check_expected, check_golden, load_expected
from manifest_runner import built_in_parts, events_of

LOGS = ("eventsim", "eventsim_single_stream", "sparkify_2018_11")


@pytest.mark.parametrize("log", LOGS)
def test_every_expected_figure_of_a_log_is_met(whole, log):
    assert check_expected(whole(log).connection, load_expected(log_folder(log))) == []


def test_every_data_test_and_unit_test_passes_or_warns(build):
    _, work = build("golden")
    results = json.loads((work / "target" / "run_results.json").read_text())["results"]
    kinds = {result["unique_id"].split(".")[0] for result in results}
    statuses = {result["status"] for result in results if not result["unique_id"].startswith("exposure.")}
    assert kinds >= {"model", "test", "unit_test", "seed"}
    assert statuses <= {"success", "pass", "warn"}


def test_the_golden_figures_are_met(build):
    connection, _ = build("golden")
    assert check_golden(connection, load_expected(DATA / "golden")) == []


@pytest.mark.long
def test_without_the_late_row_the_golden_figures_are_those_of_before_it(build):
    connection, _ = build("golden/without_late_row")
    assert check_golden(connection, load_expected(DATA / "golden"), is_complete=False) == []


def test_a_late_row_leads_from_the_figures_without_it_to_the_complete_ones(manifest):
    golden = DATA / "golden"
    runtime, _ = built_in_parts(manifest, [events_of(golden / "without_late_row")])
    assert check_golden(runtime.connection, load_expected(golden), is_complete=False) == []
    runtime, _ = built_in_parts(manifest, [events_of(golden / "without_late_row"), events_of(golden / "late_row")])
    assert check_golden(runtime.connection, load_expected(golden)) == []


def test_a_wrong_figure_is_found(build):
    connection, _ = build("golden")
    expected = load_expected(DATA / "golden")
    expected["weekday_mean_listening_time"]["Friday"] = 701
    expected["plays"]["Song B"] = ["completed", 20]
    assert len(check_golden(connection, expected)) == 2


def test_two_producers_with_the_same_ids_stay_apart(manifest):
    parts = [events_of(DATA / "golden", producer) for producer in ("north", "south")]
    connection = built_in_parts(manifest, parts)[0].connection
    counts = "select producer, userId, listen_count from gold.daily_user_listen_counts order by all"
    assert connection.execute(counts).fetchall() == [
        ("north", 7, 4),
        ("north", 8, 2),
        ("south", 7, 4),
        ("south", 8, 2),
    ]
    assert connection.execute("select count(*) from intermediate.int_sessions").fetchone() == (6,)


def test_docs_are_generated_with_every_model_and_gold_column_described(build, tmp_path):
    _, work = build("golden")
    shutil.copy(work / "bassline.duckdb", tmp_path)
    (tmp_path / "lake").symlink_to(work / "lake")
    run_dbt(["docs", "generate", "--no-compile"], tmp_path, parsed_by=work)  # beside what the build compiled
    manifest = json.loads((work / "target" / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    catalog = json.loads((tmp_path / "target" / "catalog.json").read_text())["nodes"]
    assert len(models) == 51
    assert [model["name"] for model in models if len(model["description"].split("\n")) < 2] == []
    for model in models:
        if model["schema"] not in ("silver", "gold"):
            continue
        described = {name.lower() for name, column in model["columns"].items() if column["description"]}
        columns = {name.lower() for name in catalog[model["unique_id"]]["columns"]}
        assert described == columns, model["name"]
        if model["schema"] == "gold":
            assert model["config"]["contract"]["enforced"], model["name"]
            assert len(model["description"].strip().split("\n")) == 6, model["name"]


def test_every_model_has_a_test_and_every_gold_model_a_unit_test(manifest_path):
    # Models that are part of their readers' SQL are tested there.
    manifest = json.loads(manifest_path.read_text())
    tested = {node.get("attached_node") for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    given = {test["model"] for test in manifest["unit_tests"].values()}
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    relations = [model for model in models if model["config"]["materialized"] != "ephemeral"]
    assert [model["name"] for model in relations if model["unique_id"] not in tested] == []
    assert [model["name"] for model in models if model["schema"] == "gold" and model["name"] not in given] == []


def test_compiled_sql_is_plain(manifest_path):
    manifest = json.loads(manifest_path.read_text())
    for node in manifest["nodes"].values():
        code = node.get("compiled_code")
        if node["resource_type"] in ("model", "test", "analysis"):
            assert code, node["name"]
            assert "{{" not in code and "{%" not in code, node["name"]
            assert not code.rstrip().endswith(";"), node["name"]
        if node["resource_type"] == "model":
            assert "::" not in code and "qualify" not in code.lower(), node["name"]
            assert "is_incremental" not in node["raw_code"], node["name"]


def test_only_staging_reads_bronze_and_by_its_sources_alone(manifest_path):
    nodes = json.loads(manifest_path.read_text())["nodes"].values()
    for model in (node for node in nodes if node["resource_type"] == "model"):
        bronze = [source for source in model["depends_on"]["nodes"] if source.startswith("source.bassline.bronze.")]
        assert bool(bronze) is (model["schema"] == "staging"), model["name"]
        assert "read_parquet" not in model["raw_code"] and "parquet" not in model["compiled_code"], model["name"]
        assert not {"location", "location_root"} & model["config"].keys(), "dbt adds the model's name to it"


def test_doubly_encoded_text_is_repaired_up_to_three_times():
    broken = "Björk"
    for _ in range(3):
        broken = broken.encode().decode("latin-1")
    assert repaired(broken) == "Björk"
    assert repaired(" Sehr kosmisch ") == "Sehr kosmisch"
    assert repaired("naïve") == "naïve"


def test_the_calendar_knows_weekends_iso_weeks_and_holidays(build):
    connection, _ = build("golden")
    sql = """
        select cast(date as varchar), iso_weekday, weekday_name, iso_year, iso_week, is_weekend, is_holiday_us
        from silver.dim_time
        where hour = 0 and date in ('2024-12-30', '2025-03-14', '2025-03-15', '2025-11-27', '2026-05-25', '2027-01-01')
        order by date
    """
    assert connection.execute(sql).fetchall() == [
        ("2024-12-30", 1, "Monday", 2025, 1, False, False),
        ("2025-03-14", 5, "Friday", 2025, 11, False, False),
        ("2025-03-15", 6, "Saturday", 2025, 11, True, False),
        ("2025-11-27", 4, "Thursday", 2025, 48, False, True),
        ("2026-05-25", 1, "Monday", 2026, 22, False, True),
        ("2027-01-01", 5, "Friday", 2026, 53, False, True),
    ]
    hours, first, last = connection.execute(
        "select count(*), cast(min(hour_at) as varchar), cast(max(hour_at) as varchar) from silver.dim_time"
    ).fetchone()
    assert (hours, first, last) == ((365 + 366 + 365 + 365) * 24, "2024-01-01 00:00:00", "2027-12-31 23:00:00")


def test_single_stream_places_are_taken_apart(whole):
    connection = whole("eventsim_single_stream").connection
    places = "select city, state_code from silver.dim_location where city like 'New York-%' or city like 'Riverside%'"
    assert set(connection.execute(places).fetchall()) == {
        ("New York-Newark-Jersey City", "NY"),
        ("Riverside-San Bernardino-Ontario", "CA"),
    }
