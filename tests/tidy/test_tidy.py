# SPDX-License-Identifier: Apache-2.0
"""The house rules a compiler cannot check: floors, vendor containment, names, leftovers.

docs/ARCHITECTURE.md section 2 lists the rooms; this file is where the list is enforced.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# A room may include itself and rooms of lower floors; stages (floor 3) never include each other.
FLOORS = {
    "base": 0,
    "event": 1,
    "storage": 1,
    "net": 1,
    "lake": 2,
    "kafka": 2,
    "parquet": 2,
    "duck": 2,
    "ingest": 3,
    "compact": 3,
    "models": 3,
    "dashboard": 3,
    "simulator": 3,
    "pipeline": 4,
    "replay": 4,
    "status": 4,
    "cli": 5,
}

# Header prefix -> the rooms that may see it. fmt and nlohmann-json are vocabulary.
VENDORS = {
    "arrow/": {"parquet"},
    "parquet/api": {"parquet"},
    "parquet/arrow": {"parquet"},
    "parquet/properties": {"parquet"},
    "parquet/file": {"parquet"},
    "duckdb.h": {"duck"},
    "rdkafka": {"kafka"},
    "simdjson.h": {"event"},
    "boost/": {"net"},
    "spdlog/": {"base"},
    "xxhash.h": {"base"},
    "openssl/": {"base"},
    "curl/": {"net"},
    "CLI/": {"cli"},
    "zlib.h": {"ingest", "net", "simulator"},
    "libdeflate.h": {"parquet"},
    "mimalloc.h": {"cli"},
    "zstd.h": {"ingest", "lake", "parquet", "simulator"},
}

BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager|old|legacy)(_|\.|$)")
BANNED_CALLS = {
    r"\bstd::cout\b": "results go through fmt::print on stdout, in src/cli",
    r"\bsystem\(": "no shell from the program",
    r"\b(rand|srand)\(": "randomness enters by base",
    r"\busing namespace (?!std::\w*literals)": "spell the namespace",
    r"\b(TODO|FIXME|XXX)\b": "finish it or open an issue",
}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def sources() -> list[Path]:
    return tracked("src/*.cpp", "src/*.hpp")


def includes(path: Path) -> list[tuple[int, str]]:
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            found.append((number, match.group(1)))
    return found


def room_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0]


def test_every_room_is_on_a_floor_and_has_a_readme():
    rooms = {room_of(path) for path in sources()}
    assert rooms <= FLOORS.keys(), f"rooms without a floor: {rooms - FLOORS.keys()}"
    for room in rooms:
        readme = SRC / room / "README.md"
        assert readme.exists(), f"src/{room} has no README.md"
        assert len(readme.read_text().splitlines()) <= 40, f"src/{room}/README.md is over 40 lines"


def test_a_room_includes_lower_floors_only():
    wrong = []
    for path in sources():
        room = room_of(path)
        for number, header in includes(path):
            other = header.split("/")[0]
            if other not in FLOORS or not (SRC / header).exists() or other == room:
                continue
            if FLOORS[other] >= FLOORS[room]:
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {room} may not include {header}")
    assert not wrong, "\n".join(wrong)


def test_a_vendor_header_appears_in_its_room_only():
    wrong = []
    for path in sources():
        for number, header in includes(path):
            if (SRC / header).exists():
                continue
            for prefix, rooms in VENDORS.items():
                if header.startswith(prefix) and room_of(path) not in rooms:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {header} belongs in {sorted(rooms)}")
    assert not wrong, "\n".join(wrong)


def test_names_say_something():
    suffixes = {".cpp", ".hpp", ".py", ".ts", ".sql"}
    files = [p for p in tracked("src", "tests", "bench", "dbt", "web", "tools") if p.suffix in suffixes]
    wrong = [str(p.relative_to(ROOT)) for p in files if BANNED_NAMES.search(p.stem)]
    assert not wrong, wrong


@pytest.mark.parametrize("pattern", BANNED_CALLS)
def test_banned_words_do_not_appear(pattern):
    wrong = []
    for path in sources():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(pattern, line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {BANNED_CALLS[pattern]}")
    assert not wrong, "\n".join(wrong)


def test_every_source_states_its_licence():
    files = sources() + tracked("tests/*.py", "bench/*.py", "bench/*.cpp", "web/src/*.ts")
    wrong = [str(p.relative_to(ROOT)) for p in files if "SPDX-License-Identifier: Apache-2.0" not in p.read_text()[:400]]
    assert not wrong, wrong


def test_no_machine_path_or_registry_host_is_named():
    pattern = re.compile(r"(^|[^A-Za-z0-9_.])/(work|root|home/[a-z]+)/|registry\.npmjs\.org|files\.pythonhosted|index\.crates\.io")
    wrong = []
    for path in tracked("."):
        if path.name == "package-lock.json" or path.name == "Cargo.lock" or path == Path(__file__):
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    assert not wrong, wrong


def test_files_stay_readable():
    limit = 400
    wrong = []
    for path in sources() + tracked("web/src/*.ts"):
        lines = len(path.read_text().splitlines())
        if lines > limit:
            wrong.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not wrong, wrong


@pytest.mark.parametrize("patch", sorted((ROOT / "tests/planted").glob("*.patch")), ids=lambda patch: patch.stem)
def test_a_planted_bug_still_fits_the_sources(patch):
    done = subprocess.run(["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
