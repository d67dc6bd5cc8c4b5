# SPDX-License-Identifier: Apache-2.0
"""What an ingest promises of its files and of its end, shown on the program as it ships."""

import collections
import contextlib
import json
import os
import pty
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ROOT
from memory import most_memory_mb

BINARY = Path(os.environ.get("BASSLINE", ROOT / "build/release/bassline"))
HOUR_MS = 3_600_000
FIRST_MS = 1_741_132_800_000
BESIDE_THE_BUDGET_MB = 90  # the program, and what one row group a thread needs while it is written


def event(ts: int, session: int, item: int, **more) -> str:
    return json.dumps(
        {"ts": ts, "sessionId": session, "page": "NextSong", "auth": "Guest", "level": "free", "itemInSession": item,
         "artist": "A", "song": f"S{item}", "length": 200.5, **more}
    ) + "\n"


def counters(lake: Path) -> collections.Counter:
    """What all entries wrote, by topic."""
    written = collections.Counter()
    for path in (lake / "_ingest/files/log").glob("*.json"):
        for topic, counted in json.loads(path.read_text())["counters"].items():
            written[topic] += counted["written"]
    return written


def newest_entry(lake: Path):
    return json.loads(sorted((lake / "_ingest/files/log").glob("*.json"))[-1].read_text())


def wait_for_rows(lake: Path, rows: int):
    deadline = time.monotonic() + 30
    written = 0
    while time.monotonic() < deadline and written < rows:
        time.sleep(0.02)
        entries = [json.loads(p.read_text()) for p in (lake / "_ingest/files/log").glob("*.json")]
        written = sum(e["counters"].get("listen_events", {}).get("written", 0) for e in entries)
    assert written == rows


def test_10000_small_files_make_few_large_ones_and_one_entry(bassline, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    hours = 30 * 24
    for number in range(10_000):
        start = FIRST_MS + (number * hours // 10_000) * HOUR_MS
        (folder / f"{number:05}.json").write_text("".join(event(start + i * 1000, number, i) for i in range(8)))
    answer = json.loads(
        bassline("ingest", "--lake", tmp_path / "lake", "--from", folder, "--threads", 2, "--json").stdout
    )
    assert answer["entries"] == 1
    assert answer["topics"]["listen_events"]["written"] == answer["topics"]["page_view_events"]["written"] == 80_000
    per_hour = collections.Counter(path.parent for path in (tmp_path / "lake/bronze").rglob("*.parquet"))
    assert len(per_hour) == 2 * hours
    assert max(per_hour.values()) <= 2
    again = json.loads(bassline("ingest", "--lake", tmp_path / "lake", "--from", folder, "--json").stdout)
    assert again["entries"] == 0


@pytest.mark.long
def test_10000_files_of_100_kb_make_at_most_two_files_a_topic_hour_and_one_entry(bassline, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    hours, steps = 30 * 24, 160
    for number in range(10_000):
        start = FIRST_MS + (number * hours // 10_000) * HOUR_MS
        agent = f"{number * 2654435761 % 2**32:08x}" * 55  # no two files have the same
        lines = (event(start + i * 1000, number, i, userAgent=f"{agent}{i}") for i in range(steps))
        (folder / f"{number:05}.json").write_text("".join(lines))
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert 90_000 < min(sizes) and max(sizes) < 110_000 and sum(sizes) < 1 << 30
    lake = tmp_path / "lake"
    peak = most_memory_mb(BINARY, "ingest", "--lake", lake, "--from", folder, "--threads", 2, "--memory", "128MiB")
    assert newest_entry(lake)["seq"] == 1, "after the genesis one entry"
    assert counters(lake) == {"listen_events": steps * 10_000, "page_view_events": steps * 10_000}
    per_hour = collections.Counter(path.parent for path in (lake / "bronze").rglob("*.parquet"))
    assert len(per_hour) == 2 * hours
    assert max(per_hour.values()) <= 2
    assert peak < 128 + BESIDE_THE_BUDGET_MB
    bassline("verify", "--lake", lake, "--full")


@pytest.mark.long
def test_memory_stays_near_its_budget_however_many_hours_are_open(bassline, tmp_path):
    rows, hours = 400_000, 1000
    with (tmp_path / "scattered.json").open("w") as log:
        for row in range(rows):  # every hour comes again and again, no text comes twice
            at = FIRST_MS + row * 7919 % hours * HOUR_MS + row
            log.write(event(at, row, 0, userAgent=f"{row * 2654435761 % 2**32:08x}{row:0400}"))
    lake = tmp_path / "lake"
    peak = most_memory_mb(BINARY, "ingest", "--lake", lake, "--from", tmp_path / "scattered.json",
                          "--threads", 2, "--memory", "64MiB")
    assert counters(lake) == {"listen_events": rows, "page_view_events": rows}
    assert len(list((lake / "bronze/page_view_events").glob("*/*"))) == hours
    assert peak < 64 + BESIDE_THE_BUDGET_MB
    bassline("verify", "--lake", lake, "--full")


def test_half_a_last_line_of_stdin_is_quarantined_and_stdin_never_goes_on_where_it_was(bassline, tmp_path):
    lake = tmp_path / "lake"
    delivered = event(FIRST_MS, 1, 0) + event(FIRST_MS + 1, 1, 1) + event(FIRST_MS + 2, 1, 2)[:-20]
    (tmp_path / "delivered.json").write_text(delivered)
    for turn in (1, 2):
        with (tmp_path / "delivered.json").open() as stdin:
            bassline("ingest", "--lake", lake, "--from", "-", stdin=stdin)
        entries = [json.loads(path.read_text()) for path in sorted((lake / "_ingest/files/log").glob("*.json"))]
        ranges = [found for entry in entries for found in entry["ranges"]]
        assert [found["path"] for found in ranges] == ["-"] * turn
        assert len({found["source"] for found in ranges}) == turn, "each time another source"
        pages = [entry["counters"]["page_view_events"] for entry in entries if entry["ranges"]]
        assert [(page["written"], page["quarantined"]) for page in pages] == [(2, 1)] * turn


def test_an_interrupt_commits_what_came_and_ends_with_130(bassline, tmp_path):
    lake = tmp_path / "lake"
    process = subprocess.Popen(
        [BINARY, "ingest", "--lake", lake, "--from", "-", "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        process.stdin.write("".join(event(FIRST_MS + i, 1, i) for i in range(100)))
        process.stdin.flush()
        deadline = time.monotonic() + 20
        while not (lake / "_ingest/files/log/00000000000000000000.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)  # the bytes are in the pipe; there is nothing to wait on until they are committed
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        out, err = process.stdout.read(), process.stderr.read()
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert json.loads(out)["interrupted"] is True
    assert json.loads(out)["topics"]["listen_events"]["written"] == 100
    bassline("verify", "--lake", lake, "--full")


def test_a_terminal_sees_a_bar_that_goes_when_the_answer_comes(tmp_path):
    (tmp_path / "log.json").write_text(event(FIRST_MS, 1, 0) * 600_000)  # a few times as long as a bar takes to come
    terminal, end = pty.openpty()
    with subprocess.Popen(
        [BINARY, "ingest", "--lake", tmp_path / "lake", "--from", tmp_path / "log.json", "--threads", "1"],
        stdout=subprocess.PIPE, stderr=end, text=True,
    ) as process:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(terminal, 4096):
                shown += part
        answer = process.stdout.read()
    os.close(terminal)
    assert process.returncode == 0
    drawn = shown.decode().split("\r\x1b[K")
    bar = r"\[#*-*\]  *\d+ %  \d+\.\d of 94\.8 MB  [\d,]+ events/s(  \d+ s left)?"
    assert len(drawn) >= 3 and drawn[0] == "" and all(re.fullmatch(bar, text) for text in drawn[1:-1]), drawn
    assert drawn[-1] == "", "the line is empty again"
    assert "600000" in answer and "\x1b" not in answer


def test_following_a_log_through_its_rotation(bassline, tmp_path):
    lake, log = tmp_path / "lake", tmp_path / "app.log"
    log.write_text(event(FIRST_MS, 1, 0))
    process = subprocess.Popen(
        [BINARY, "ingest", "--lake", lake, "--from", log, "--follow", "--commit-interval", "50ms"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )

    try:
        wait_for_rows(lake, 1)
        producer = log.open("a")
        log.rename(tmp_path / "app.log.1")
        producer.write(event(FIRST_MS, 1, 1))
        producer.flush()
        log.write_text(event(FIRST_MS, 1, 2))
        wait_for_rows(lake, 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
    answer = json.loads(bassline("ingest", "--lake", lake, "--from", log, tmp_path / "app.log.1", "--json").stdout)
    assert answer["topics"]["listen_events"]["written"] == 0
    bassline("verify", "--lake", lake, "--full")


def test_following_more_files_than_may_be_open(bassline, tmp_path):
    lake, folder = tmp_path / "lake", tmp_path / "logs"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}.json").write_text(event(FIRST_MS + number, number, 0))
    process = subprocess.Popen(
        [BINARY, "ingest", "--lake", lake, "--from", folder, "--follow", "--commit-interval", "50ms", "--threads", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)),
    )

    try:
        wait_for_rows(lake, 300)
        for number in (0, 150, 299):
            with (folder / f"{number:03}.json").open("a") as log:
                log.write(event(FIRST_MS + number, number, 1))
        wait_for_rows(lake, 303)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
    bassline("verify", "--lake", lake, "--full")
