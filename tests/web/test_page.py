# SPDX-License-Identifier: Apache-2.0
"""The page in a real Chromium, against the real program; page_checks.mjs holds the checks."""

import json
import os
import shutil
import signal
import subprocess
from datetime import datetime, timezone

import pytest
import synthetic_lake
from conftest import PROGRAM, ROOT, start, stop

CHECKS = ROOT / "tests/web/page_checks.mjs"
SECONDS = 240


@pytest.fixture(autouse=True, scope="module")
def browser():
    if not (ROOT / "web/node_modules/playwright-core").exists() or not shutil.which(os.environ.get("CHROMIUM", "chromium")):
        message = "needs chromium and the page's packages (tools/setup)"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)


def outcomes(lines: str) -> dict[str, str | None]:
    answers = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return {answer["check"]: answer["failure"] for answer in answers}


def run_checks(address: str, checks: list[str]) -> dict[str, str | None]:
    done = subprocess.run(["node", CHECKS, address, *checks], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return outcomes(done.stdout)


PAGE = [
    "every_chart_is_drawn",
    "accessible_in_light_and_dark",
    "accessible_when_empty_or_failed",
    "charts_are_named_by_title_days_and_a_figure",
    "axes_of_small_counts_repeat_no_label",
    "narrow_screens_do_not_scroll_sideways",
    "only_a_run_has_a_pipeline_to_show",
    "the_range_lives_in_the_address",
    "dates_are_typed_key_by_key",
    "the_theme_is_chosen_and_kept_in_the_address",
    "hostile_names_are_only_text",
    "tables_say_what_charts_show",
    "the_incomplete_day_and_the_age_are_told",
    "a_simulated_clock_is_told_whatever_it_shows",
    "empty_and_failed_are_worded_apart",
    "a_server_that_hangs_is_told",
    "the_keyboard_reaches_everything_in_order",
]


@pytest.fixture(scope="module")
def page(served):
    """All checks in one browser: starting one costs more than most of them."""
    return run_checks(served.address, PAGE)


@pytest.mark.parametrize("check", PAGE)
def test_page(page, check):
    assert page[check] is None, page[check]


def test_the_pipeline_tab_of_a_run(tmp_path):
    service = ["run", "--lake", tmp_path / "lake", "--users", "20", "--days", "2", "--speed", "3600", "--port", "0"]
    running = subprocess.Popen([PROGRAM, *service], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = next(line.split()[1].rstrip("/") for line in running.stdout if line.startswith("Dashboard: "))
        check = "the_pipeline_tab_shows_every_stage"
        assert run_checks(address, [check]) == {check: None}
    finally:
        running.send_signal(signal.SIGINT)
        running.stdout.read()
        assert running.wait(timeout=60) == 130


def test_a_lake_without_data_says_what_to_do(tmp_path):
    running = start(synthetic_lake.make_empty_lake(tmp_path / "lake"))
    try:
        check = "a_lake_without_data_says_what_to_do"
        assert run_checks(running.address, [check]) == {check: None}
    finally:
        stop(running)


def test_a_snapshot_that_cannot_be_loaded_is_told(tmp_path):
    lake = synthetic_lake.make_empty_lake(tmp_path / "lake")
    (lake / "_snapshots").mkdir()
    (lake / "_snapshots" / f"{1:020d}.json").write_text("damaged")
    running = start(lake)
    try:
        check = "a_snapshot_that_cannot_be_loaded_is_told"
        assert run_checks(running.address, [check]) == {check: None}
    finally:
        stop(running)


def test_a_new_snapshot_refreshes_the_page(tmp_path):
    running = start(synthetic_lake.make_lake(tmp_path / "lake", days=5, users=10))
    try:
        checking = subprocess.Popen(["node", CHECKS, running.address, "a_new_snapshot_refreshes_the_page"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert checking.stdout.readline() == "ready\n", checking.communicate()[1]
        tables = synthetic_lake.make_tables(6, 10, synthetic_lake.date(2025, 3, 1), 7)
        synthetic_lake.write_snapshot(running.lake, 2, tables, datetime(2025, 3, 6, 12, tzinfo=timezone.utc))
        heard, errors = checking.communicate(timeout=SECONDS)
        assert outcomes(heard) == {"a_new_snapshot_refreshes_the_page": None}, errors
    finally:
        stop(running)
