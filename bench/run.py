# SPDX-License-Identifier: Apache-2.0
"""`make bench`: every figure of the README; comparisons with their peer in the same run.

usage: run.py [name...]     names: bronze, build, simulate, live, kafka
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHES = {"bronze": "bronze_bench.py", "build": "build_bench.py", "simulate": "simulate_bench.py", "live": "live_bench.py",
           "kafka": "kafka_bench.py"}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"error: no bench named {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or BENCHES:
        failed |= subprocess.run([sys.executable, HERE / BENCHES[name]], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
