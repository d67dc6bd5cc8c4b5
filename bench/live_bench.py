# SPDX-License-Identifier: Apache-2.0
"""How long an event of the living service takes to its chart, and what a run holds meanwhile.

usage: live_bench.py [--build DIR] [--directory DIR] [--seconds N] [--json FILE] [--] [RUN OPTION...]

Starts `bassline run` on a new lake (options after -- go to it; without any, the default service: 2,000 users, 30 days of
history, 300 times the clock), waits until it is live, and asks its API for N seconds. Latency is what the page tells:
from the append at the source until the dashboard holds the snapshot that shows the event, from when on the API answers with
it. There is no peer: a pipeline of separate tools has no such figure.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK_SECONDS = 5


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def tree(lake: Path) -> tuple[int, float]:
    """Files and megabytes; what goes while it is counted is left out."""
    files = size = 0
    for folder, _, names in os.walk(lake):
        for name in names:
            try:
                size += os.stat(os.path.join(folder, name)).st_size
                files += 1
            except FileNotFoundError:
                pass
    return files, size / 1e6


def measure(binary: Path, lake: Path, seconds: float, options: list[str]) -> dict:
    run = subprocess.Popen([binary, "run", "--lake", lake, "--port", "0", *options],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = next((line.split()[1] for line in run.stdout if line.startswith("Dashboard: ")), None)
    if address is None:
        raise SystemExit(f"error: the run ended with {run.wait()}")
    cpu, began = cpu_seconds(run.pid), time.monotonic()
    samples = []
    while time.monotonic() - began < seconds:
        time.sleep(LOOK_SECONDS)
        state = json.load(urllib.request.urlopen(address + "api/v1/pipeline", timeout=30))
        samples.append((resident_mb(run.pid), *tree(lake)))
    passed = time.monotonic() - began
    cpu = cpu_seconds(run.pid) - cpu
    run.send_signal(signal.SIGINT)
    run.stdout.read()
    code = run.wait(timeout=120)
    verified = subprocess.run([binary, "verify", "--lake", lake, "--json"], capture_output=True, text=True, check=False)
    third = len(samples) // 3
    return {
        "seconds": passed, "exit": code, "verified": json.loads(verified.stdout)["ok"], "cpu_per_second": cpu / passed,
        "state": state, "peak_mb": max(sample[0] for sample in samples),
        # Of the first, second and last third: what grows shows.
        "mb": [samples[at][0] for at in (third, 2 * third, -1)],
        "files": [samples[at][1] for at in (third, 2 * third, -1)],
        "disk_mb": [samples[at][2] for at in (third, 2 * third, -1)],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--directory", type=Path, help="where the lake is made (default TMPDIR)")
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--json", type=Path)
    parser.add_argument("options", nargs="*", help="of bassline run, after --")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bassline-live-", dir=asked.directory))
    try:
        found = measure(asked.build / "bassline", folder / "lake", asked.seconds, asked.options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    charts, build, source = (found["state"][part] for part in ("charts", "build", "source"))
    print(f"live run {' '.join(asked.options) or '(default service)'}, {found['seconds']:.0f} s, "
          f"{source['records_per_second']:.0f} records a second at {source['speed']:.0f} times the clock")
    print(f"event to chart   p50 {charts['latency_p50_seconds']:.1f} s, p99 {charts['latency_p99_seconds']:.1f} s, "
          f"most {charts['latency_max_seconds']:.1f} s; {charts['latency_samples']} samples")
    print(f"builds           {build['builds']}, the last {build['last_seconds']:.1f} s over {build['last_dates']} dates; "
          f"{found['cpu_per_second']:.2f} cores busy")
    for name, unit in (("mb", "MB of memory"), ("files", "files"), ("disk_mb", "MB on disk")):
        print(f"{unit:<16} {' -> '.join(f'{value:,.0f}' for value in found[name])}")
    print(f"Ctrl-C           exit {found['exit']}, verify {'clean' if found['verified'] else 'FOUND SOMETHING'}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if found["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
