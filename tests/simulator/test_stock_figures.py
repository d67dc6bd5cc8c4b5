# SPDX-License-Identifier: Apache-2.0
"""`simulate --compat` has the statistics of the original.

Twelve runs of the stock configuration against twelve of viirya/eventsim 2.0: for each figure the means may differ by 4
standard errors, with the original's standard deviation between seeds. Left out is what describes catalogues, which are
not the original's: bytes, shares of top songs. The mean gap counts songs at their length, so there the mean time waited
for a song is first put in place of ours.
"""

import json
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stock_figures import figures_of

REFERENCE = json.loads((Path(__file__).parent / "eventsim_stock_figures.json").read_text())
SEEDS = range(1, 13)
START = datetime(2025, 9, 1, tzinfo=UTC)
DAYS = 60


@pytest.fixture(scope="module")
def runs(bassline, tmp_path_factory):
    found = []
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp("stock") / "out"
        bassline(
            "simulate", "--config", "stock", "--compat", "--users", 2000, "--seed", seed,
            "--from", "2025-09-01", "--to", "2025-10-31", "--out", folder,
        )
        found.append(figures_of(folder, START, DAYS))
        shutil.rmtree(folder)
    for run in found:
        songs = REFERENCE["mean_seconds_waited_for_a_song"]
        run["gap_mean_s"] += run["waited_share"] * (songs - run["waited_mean_s"])
    return found


@pytest.mark.parametrize("figure", REFERENCE["figures"])
def test_a_figure_is_that_of_the_original(runs, figure):
    expected = REFERENCE["figures"][figure]
    mean = sum(run[figure] for run in runs) / len(runs)
    allowed = 4 * expected["sd"] * math.sqrt(1 / REFERENCE["seeds"] + 1 / len(runs))
    print(f"{figure}: {mean:.6g}, original {expected['mean']:.6g}, allowed +-{allowed:.3g}")
    assert abs(mean - expected["mean"]) <= allowed, (mean, expected)


def test_every_song_played_is_a_listen_and_every_redirect_takes_a_second(runs):
    assert all(run["listens"] == run["next_songs"] for run in runs)
    assert all(run["redirects_not_after_1_s"] == 0 for run in runs)
