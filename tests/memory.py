# SPDX-License-Identifier: Apache-2.0
"""How much memory a program held."""

import subprocess
import sys


def most_memory_mb(*command) -> int:
    """Runs it; the most memory that it held. A small process stands between, for what starts one counts as its own."""
    between = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2);"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)")
    done = subprocess.run([sys.executable, "-c", between, *map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
