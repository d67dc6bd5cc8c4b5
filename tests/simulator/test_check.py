# SPDX-License-Identifier: Apache-2.0
"""What is simulated has the statistics that its configuration gives by calculation, and --estimate tells how much it is.

`simulate --check` tests transitions, first pages, hours and weekdays by chi-squared, session lengths, shares of pages
and gaps by their errors; src/simulator/check_test.cpp shows that it fails where it should.
"""

import json

import pytest
from logs import ROOT

RUNS = {
    "stock": ["--config", "stock", "--users", 2000, "--to", "2025-11-01"],
    "stock, the original's defects": ["--config", "stock", "--users", 2000, "--to", "2025-11-01", "--compat"],
    "alt": ["--config", "alt", "--users", 2000, "--to", "2025-11-01"],
    "accordion": ["--config", "accordion", "--users", 300, "--to", "2025-11-01"],
    "growing": ["--config", "stock", "--users", 1000, "--to", "2025-11-01", "--growth-rate", 3],
}


@pytest.mark.parametrize("name", RUNS)
def test_every_figure_is_that_of_the_configuration(bassline, tmp_path, name):
    arguments = RUNS[name]
    out = tmp_path / "out"
    bassline("simulate", *arguments, "--from", "2025-09-01", "--seed", 11, "--out", out, "--compress", "zstd")
    config = arguments[arguments.index("--config"):][:2]
    same = [argument for argument in arguments if argument == "--compat"]
    growth = ["--growth-rate", 3] if "--growth-rate" in arguments else []
    done = bassline("simulate", "--check", out, *config, *same, *growth, "--json", check=False)
    report = json.loads(done.stdout)
    failed = [figure for figure in report["figures"] if figure["verdict"] == "fail"]
    assert done.returncode == 0 and report["ok"], failed
    decided = [figure["figure"] for figure in report["figures"] if figure["verdict"] == "pass"]
    assert {"session starts by hour of the day", "session starts by day of the week"} <= set(decided)
    assert len([figure for figure in decided if figure.startswith("transitions from")]) >= 4


def test_a_log_of_another_configuration_fails(bassline, tmp_path):
    out = tmp_path / "out.ndjson.gz"
    bassline("simulate", "--users", 300, "--from", "2025-09-01", "--to", "2025-10-01", "--out", out)
    done = bassline("simulate", "--check", out, "--config", "accordion", check=False)
    assert done.returncode == 3
    assert "FAIL" in done.stdout


LOGS = ROOT / "tests/data"


@pytest.mark.parametrize("files", [
    [LOGS / "eventsim" / name for name in ("page_view_events.gz", "listen_events.gz", "status_change_events")],
    [LOGS / "eventsim_single_stream/eventsim.json.gz"],
], ids=["viirya", "Interana"])
def test_logs_of_the_original_programs_pass(bassline, files):
    report = json.loads(bassline("simulate", "--check", *files, "--compat", "--json").stdout)
    assert report["ok"] and report["page_views"] > 4000


# Totals differ by 3.5 % (standard deviation) from seed to seed at 2,000 users, more in small runs.
@pytest.mark.parametrize("name", ["stock", "accordion", "growing"])
def test_an_estimate_says_what_a_run_writes(bassline, tmp_path, name):
    arguments = [*RUNS[name], "--from", "2025-09-01", "--json"]
    estimate = json.loads(bassline("simulate", "--estimate", *arguments).stdout)
    runs = []
    for seed in range(1, 5):
        out = tmp_path / f"{seed}.ndjson"
        runs.append(json.loads(bassline("simulate", *arguments, "--seed", seed, "--out", out).stdout))
        out.unlink()
    for topic, expected in estimate["topics"].items():
        for unit in ("records", "bytes"):
            found = sum(run["topics"][topic][unit] for run in runs) / len(runs)
            leeway = 0.3 if topic == "status_change_events" else 0.12
            assert abs(found / expected[unit] - 1) < leeway, (topic, unit, found, expected)
    sessions = sum(run["sessions"] for run in runs) / len(runs)
    assert abs(sessions / estimate["sessions"] - 1) < 0.08
