# SPDX-License-Identifier: Apache-2.0
"""/metrics of `serve`, `run` and `ingest`: Prometheus' text format and naming, checked by `promtool` where it is installed.

Only the set-up of `make test-services` fetches promtool (tests/services/test_watching.py): without it the rules that
`promtool check metrics` knows are held here.
"""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest
from conftest import ROOT

SAMPLE = re.compile(r'^([a-z_:][a-z0-9_:]*)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? (\S+)$')
UNITS_NOT_BASE = re.compile(r"_(milliseconds|ms|minutes|hours|days|kilobytes|megabytes|mb|percent)\b")


def check_metrics(text):
    """What promtool's linter says of names, help, types, duplicates and histograms."""
    assert text.endswith("\n")
    families, helped, seen, current = {}, set(), set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, help_text = line[7:].split(" ", 1)
            assert name not in helped, f"{name} is described twice"
            assert help_text.strip(), f"{name} has no help"
            helped.add(name)
            continue
        if line.startswith("# TYPE "):
            current, kind = line[7:].split(" ")
            assert current in helped and current not in families
            assert kind in ("counter", "gauge", "histogram")
            assert (kind == "counter") == current.endswith("_total"), f"{current} is a {kind}"
            assert not re.search(r"_(count|sum|bucket)$", current)
            assert not re.search(r"(counter|gauge|histogram)", current), current
            assert not UNITS_NOT_BASE.search(current), current
            families[current] = kind
            continue
        sample = SAMPLE.match(line)
        assert sample, line
        name, labels, value = sample.groups()
        base = re.sub(r"_(bucket|sum|count)$", "", name) if families[current] == "histogram" else name
        assert base == current, f"{name} stands under {current}"
        assert (name, labels) not in seen, f"{line} stands twice"
        seen.add((name, labels))
        float(value)
    for name in [name for name, kind in families.items() if kind == "histogram"]:
        check_histogram(text, name)
    promtool = shutil.which("promtool", path=os.pathsep.join([os.environ["PATH"], str(ROOT / ".deps/services/unpacked/usr/bin")]))
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return families


def check_histogram(text, name):
    buckets = re.findall(rf'^{name}_bucket\{{(.*?),?le="([^"]+)"\}} (\d+)$', text, re.M)
    for labels in {labels for labels, _, _ in buckets}:
        series = [(float(bound), int(count)) for other, bound, count in buckets if other == labels]
        assert series == sorted(series) and series[-1][0] == float("inf")
        counts = [count for _, count in series]
        assert counts == sorted(counts)
        braces = f"{{{labels}}}" if labels else ""
        assert f"{name}_count{braces} {counts[-1]}\n" in text


@pytest.fixture
def started(bassline):
    """Starts a command that serves, and returns its address once it tells it."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [bassline.binary, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"NO_COLOR": "1"},
        )
        processes.append(process)
        told = ""
        for line in process.stdout:
            told += line
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                return found.group(0)
        raise AssertionError(told)

    yield start
    for process in processes:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()
        assert process.returncode == 130


def fetch(address):
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return answer.read().decode()


def fetch_until(address, wanted):
    deadline = time.monotonic() + 60
    while True:
        text = fetch(address)
        if wanted in text:
            return text
        assert time.monotonic() < deadline, text


def test_serve(bassline, started, tmp_path):
    bassline("ingest", "--lake", tmp_path / "lake", "--from", ROOT / "tests/data/golden")
    address = started("serve", "--lake", tmp_path / "lake", "--port", 0)
    fetch(address)
    families = check_metrics(fetch_until(address, 'route="/metrics"'))
    assert {"bassline_dashboard_ready", "bassline_http_request_duration_seconds"} <= families.keys()


def test_an_ingest_of_files(bassline, started, tmp_path):
    (tmp_path / "bad.json").write_text("no JSON\n")
    address = started(
        "ingest", "--lake", tmp_path / "lake", "--from", ROOT / "tests/data/golden", tmp_path / "bad.json", "--follow",
        "--commit-interval", "100ms", "--metrics-port", 0,
    )
    text = fetch_until(address, 'bassline_ingest_quarantined_rows_total{topic="page_view_events",reason="bad_json"} 1\n')
    families = check_metrics(text)
    assert {"bassline_build_info", "bassline_ingest_written_rows_total", "bassline_ingest_commits_total"} <= families.keys()


def value(text, name):
    return float(re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M).group(1))


def test_a_run_tells_of_ingest_builds_and_charts_too(started, tmp_path):
    address = started(
        "run", "--lake", tmp_path / "lake", "--port", 0, "--users", 60, "--days", 3, "--speed", 100000,
    )
    fetch_until(address, 'bassline_http_requests_total{route="/metrics"')
    text = fetch_until(address, 'bassline_charts_latency_seconds{share="0.99"}')
    families = check_metrics(text)
    assert {
        "bassline_build_info", "bassline_ingest_written_rows_total", "bassline_ingest_last_commit_timestamp_seconds",
        "bassline_builds_total", "bassline_source_lag_bytes", "bassline_charts_age_seconds", "bassline_snapshot_number",
    } <= families.keys()
    assert value(text, "bassline_ingest_written_rows_total") > 0
    assert value(text, "bassline_builds_total") >= 1
    # By the simulated clock, which is hours to days ahead of ours by now.
    assert value(text, "bassline_source_clock_timestamp_seconds") > time.time() + 3600
    assert 0 <= value(text, "bassline_watermark_age_seconds") < 30 * 86400


def test_a_run_of_files_tells_the_age_of_its_newest_event_by_our_clock(started, tmp_path):
    address = started("run", "--lake", tmp_path / "lake", "--port", 0, "--from", ROOT / "tests/data/golden")
    families = check_metrics(text := fetch_until(address, "bassline_watermark_age_seconds"))
    assert {"bassline_build_info", "bassline_ingest_commits_total", "bassline_builds_total"} <= families.keys()
    assert "bassline_source_lag_bytes" not in families
    assert value(text, "bassline_watermark_age_seconds") > 30 * 86400


def test_the_rules_find_what_they_are_for():
    check_metrics("# HELP a_total A.\n# TYPE a_total counter\na_total 1\n")
    for wrong in (
        "# HELP a A.\n# TYPE a counter\na 1\n",
        "# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n",
        "# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n",
        "# HELP a A.\n# TYPE a gauge\na 1\na 1\n",
        '# HELP a A.\n# TYPE a gauge\na{b="c"d"} 1\n',
    ):
        with pytest.raises(AssertionError):
            check_metrics(wrong)
