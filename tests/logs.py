# SPDX-License-Identifier: Apache-2.0
"""Where the real event logs are."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def log_folder(name: str) -> Path:
    """A folder of real logs: ours in tests/data, licensed ones read in place beside the repository."""
    own = ROOT / "tests/data" / name
    if own.exists():
        return own
    shared = Path(os.environ.get("BASSLINE_SHARED", ROOT.parent / "shared")) / "data" / name
    if not shared.exists():
        message = f"{name} is not part of the project and not found at {shared.parent}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return shared
