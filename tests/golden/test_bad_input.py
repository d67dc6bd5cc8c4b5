# SPDX-License-Identifier: Apache-2.0
"""Every bad input has its message and its exit code, and costs what it must and no more."""

import gzip
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import duckdb
import pyarrow
import pytest
from memory import most_memory_mb

NOBODY = 65534
MEMORY_MB = 200
SHIM = Path(__file__).parent / "rename_replaces.c"


def event(**changes) -> bytes:
    fields = {
        "ts": 1741132800000, "sessionId": 1, "page": "Home", "auth": "Logged In", "method": "GET", "status": 200,
        "level": "free", "itemInSession": 0, "city": "Austin", "zip": "78701", "state": "TX", "userAgent": "x",
        "lon": -97.7, "lat": 30.3, "userId": 7, "lastName": "Lee", "firstName": "Ada", "gender": "F",
        "registration": 1741000000000,
    }
    fields.update(changes)
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode() + b"\n"


def lines(count: int) -> bytes:
    return b"".join(event(itemInSession=i, ts=1741132800000 + 1000 * i) for i in range(count))


@pytest.fixture
def lake(tmp_path):
    return tmp_path / "lake"


@pytest.fixture
def ingest(bassline, lake):
    def run(*inputs, **options):
        return bassline("ingest", "--lake", lake, "--from", *inputs, check=False, **options)

    return run


def rows(lake: Path, table: str, columns: str):
    """Rows of a bronze or quarantine table in the order of the input."""
    return duckdb.sql(
        f"select {columns} from read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = false) "
        "order by source_partition, source_offset"
    ).fetchall()


def reasons(lake: Path):
    return rows(lake, "_quarantine", "reason, detail, raw_bytes")


def as_nobody():
    """Options that take root's right to read and write everything away."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def test_a_missing_path(ingest, lake, golden, tmp_path):
    golden("missing_path", ingest(tmp_path / "missing.json"))
    assert not lake.exists(), "a mistyped path must not become a lake"


def test_a_missing_path_beside_a_good_one(ingest, lake, golden, tmp_path):
    (tmp_path / "good.json").write_bytes(lines(2))
    golden("missing_path_beside_a_good_one", ingest(tmp_path / "missing.json", tmp_path / "good.json"))
    assert len(rows(lake, "bronze/page_view_events", "ts")) == 2


def test_a_glob_that_matches_nothing(ingest, golden, tmp_path):
    golden("glob_without_match", ingest(tmp_path / "*.json"))


def test_an_unreadable_file(ingest, golden, tmp_path):
    tmp_path.chmod(0o777)
    (tmp_path / "secret.json").write_bytes(lines(1))
    (tmp_path / "secret.json").chmod(0)
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake").chmod(0o777)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    golden("unreadable_file", ingest(tmp_path / "secret.json", **as_nobody()))


def test_an_empty_file(ingest, golden, tmp_path):
    (tmp_path / "empty.json").touch()
    golden("empty_file", ingest(tmp_path / "empty.json"))


def test_a_folder_without_event_logs(ingest, golden, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "README.md").write_text("# nothing to see\n")
    (folder / "config.json").write_text('{"a": 1}\n')
    golden("folder_without_event_logs", ingest(folder))


def test_a_binary_file(ingest, lake, golden, tmp_path):
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\x01\n\xff\xfe\x00\n\x00\x00")
    golden("binary_file", ingest(tmp_path / "binary"))
    assert [reason for reason, _, _ in reasons(lake)] == ["bad_json", "bad_encoding"]


def test_a_gzip_cut_short(ingest, lake, golden, tmp_path):
    whole = gzip.compress(lines(5000), mtime=0)
    (tmp_path / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    golden("gzip_cut_short", ingest(tmp_path / "cut.json.gz"))
    before = len(rows(lake, "bronze/page_view_events", "ts"))
    assert 0 < before < 5000
    (tmp_path / "cut.json.gz").write_bytes(whole)
    assert ingest(tmp_path / "cut.json.gz").returncode == 0, "the repaired file goes on where the damage was"
    assert len(rows(lake, "bronze/page_view_events", "ts")) == 5000


def test_invalid_utf8(ingest, lake, golden, tmp_path):
    bad = event(city="Z?rich").replace(b"Z?rich", b"Z\xfcrich")
    (tmp_path / "latin1.json").write_bytes(lines(1) + bad + lines(1))
    golden("invalid_utf8", ingest(tmp_path / "latin1.json"))
    assert [reason for reason, _, _ in reasons(lake)] == ["bad_encoding"]
    assert bytes(rows(lake, "_quarantine", "raw")[0][0]) == bad.rstrip(b"\n"), "the raw bytes are kept"


def test_a_line_of_10_mb(ingest, lake, golden, tmp_path):
    long = event(city="x" * 10_000_000)
    (tmp_path / "long.json").write_bytes(lines(1) + long + lines(1))
    golden("line_of_10_mb", ingest(tmp_path / "long.json"))
    assert reasons(lake) == [("oversize", f"{len(long) - 1} bytes, at most 1048576 are read", len(long) - 1)]
    assert len(rows(lake, "_quarantine", "raw")[0][0]) == 1 << 20


OPEN = {"gzip": lambda path: gzip.open(path, "wb", compresslevel=1),
        "zstd": lambda path: pyarrow.CompressedOutputStream(str(path), "zstd")}


@pytest.mark.parametrize("codec", OPEN)
def test_a_bomb_costs_one_refused_line_and_little_memory(bassline, lake, tmp_path, codec):
    bomb = tmp_path / f"bomb.{codec}"
    mebibyte, count = b"x" * (1 << 20), 768
    with OPEN[codec](bomb) as out:
        out.write(lines(1))
        for _ in range(count):
            out.write(mebibyte)
        out.write(b"\n" * (20 << 20) + lines(1))
    assert bomb.stat().st_size < 4_000_000
    peak = most_memory_mb(bassline.binary, "ingest", "--lake", lake, "--from", bomb)
    assert reasons(lake) == [("oversize", f"{count << 20} bytes, at most 1048576 are read", count << 20)]
    assert len(rows(lake, "_quarantine", "raw")[0][0]) == 1 << 20
    assert len(rows(lake, "bronze/page_view_events", "ts")) == 2, "what stands around it; blank lines are no records"
    assert peak < MEMORY_MB, "of the 768 MB nothing but the first was held"


def test_a_zstd_frame_that_asks_for_gigabytes_is_refused(ingest, lake, golden, tmp_path):
    magic, window_of_2_gib, last_raw_block = b"\x28\xb5\x2f\xfd\0", b"\xa8", (len(lines(1)) << 3 | 1).to_bytes(3, "little")
    (tmp_path / "window.zst").write_bytes(magic + window_of_2_gib + last_raw_block + lines(1))
    golden("zstd_window_of_2_gib", ingest(tmp_path / "window.zst"))
    assert not list(lake.rglob("*.parquet"))


def test_unknown_fields_are_kept(ingest, lake, golden, tmp_path):
    (tmp_path / "more.json").write_bytes(event(mood="sunny", nested={"a": [1, 2]}))
    golden("unknown_fields", ingest(tmp_path / "more.json"))
    [(rescued,)] = rows(lake, "bronze/page_view_events", "rescued_data")
    assert json.loads(rescued) == {"mood": "sunny", "nested": {"a": [1, 2]}}


def test_wrong_types(ingest, lake, golden, tmp_path):
    (tmp_path / "types.json").write_bytes(
        event(sessionId="one") + event(lat="north") + event(page=4) + event(status=99999999999) + event(ts=None)
    )
    golden("wrong_types", ingest(tmp_path / "types.json"))
    assert [reason for reason, _, _ in reasons(lake)] == ["bad_type"] * 4 + ["missing_required"]


def test_timestamps_out_of_range(ingest, lake, golden, tmp_path):
    (tmp_path / "times.json").write_bytes(
        event(ts=0) + event(ts=946684799999) + event(ts=99999999999999) + event(ts=946684800000)
    )
    golden("timestamps_out_of_range", ingest(tmp_path / "times.json"))
    assert [reason for reason, _, _ in reasons(lake)] == ["ts_out_of_range"] * 3


def test_events_ahead_of_the_clock_are_taken_on_request(bassline, lake, tmp_path):
    (tmp_path / "ahead.json").write_bytes(event(ts=4102444800000))
    (tmp_path / "again.json").write_bytes(event(ts=4102444800000, itemInSession=2))
    bassline("ingest", "--lake", lake, "--from", tmp_path / "ahead.json")
    assert [reason for reason, _, _ in reasons(lake)] == ["ts_out_of_range"]
    bassline("ingest", "--lake", lake, "--from", tmp_path / "again.json", "--ahead-max", "1000000h")
    assert len(rows(lake, "bronze/page_view_events", "ts")) == 1


def test_nobody_and_unknown_pages_are_no_errors(ingest, lake, golden, tmp_path):
    (tmp_path / "fine.json").write_bytes(event(userId=None) + event(page="Somewhere New") + event(userId=""))
    golden("null_user_and_unknown_page", ingest(tmp_path / "fine.json"))
    assert not (lake / "_quarantine").exists()


def test_a_lake_that_is_not_writable(ingest, lake, golden, tmp_path):
    (tmp_path / "good.json").write_bytes(lines(1))
    for parent in [tmp_path, *tmp_path.parents[:3]]:
        parent.chmod(parent.stat().st_mode | 0o055)
    lake.mkdir()
    lake.chmod(0o555)
    golden("lake_not_writable", ingest(tmp_path / "good.json", **as_nobody()))


def test_a_lake_of_a_newer_format(ingest, lake, golden, tmp_path):
    (tmp_path / "good.json").write_bytes(lines(1))
    lake.mkdir()
    (lake / "_lake.json").write_text('{"format": 2}\n')
    golden("lake_of_a_newer_format", ingest(tmp_path / "good.json"))
    assert os.listdir(lake) == ["_lake.json"]


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 2 MB, or None where this user may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True)
    yield disk if mounted.returncode == 0 else None
    if mounted.returncode == 0:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk(bassline, golden, tmp_path, small_disk):
    lake = tmp_path / "disk/lake"
    (tmp_path / "good.json").write_bytes(b"".join(event(itemInSession=i, firstName=os.urandom(200).hex()) for i in range(20_000)))
    command = ("ingest", "--lake", lake, "--from", tmp_path / "good.json", "--threads", 1)
    environment = {} if small_disk else {"BASSLINE_FAILPOINTS": "storage.append=enospc"}
    full = bassline(*command, check=False, env={**os.environ, **environment})
    if small_disk:
        golden("full_disk", full)
    else:
        assert full.returncode == 1
        assert "no space left on device" in full.stderr.lower()
        assert full.stderr.count("\n") == 1, "one clear message"
    assert not list(lake.rglob("*.parquet")) and not list((lake / "_ingest/files/staging").glob("*"))
    if small_disk:
        subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
    bassline(*command)
    assert len(rows(lake, "bronze/page_view_events", "ts")) == 20_000
    bassline("verify", "--lake", lake, "--full")


def test_a_mount_whose_rename_replaces(ingest, lake, golden, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    shim = tmp_path / "rename_replaces.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, SHIM], check=True)
    (tmp_path / "good.json").write_bytes(lines(1))
    done = ingest(tmp_path / "good.json", env={**os.environ, "LD_PRELOAD": str(shim)})
    golden("mount_whose_rename_replaces", done)
    assert not (lake / "bronze").exists()


def test_a_second_writer(bassline, lake, golden, tmp_path):
    (tmp_path / "good.json").write_bytes(lines(1))
    binary = os.environ.get("BASSLINE", Path(__file__).parents[2] / "build/release/bassline")
    first = subprocess.Popen(
        [binary, "ingest", "--lake", lake, "--from", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    try:
        lock = lake / "_ingest/files/lock"
        deadline = time.monotonic() + 20
        while not (lock.exists() and lock.read_text() == str(first.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        second = bassline("ingest", "--lake", lake, "--from", tmp_path / "good.json", check=False)
        assert f"pid {first.pid}" in second.stderr
        golden("second_writer", second)
        out, _ = first.communicate(lines(3), timeout=60)
        assert first.returncode == 0
        assert len(rows(lake, "bronze/page_view_events", "ts")) == 3, "the first one is not disturbed"
    finally:
        first.kill()


def test_options_that_cannot_work(bassline, lake, golden):
    golden("no_input", bassline("ingest", "--lake", lake, check=False))
    golden("mistyped_option", bassline("ingest", "--lkae", lake, "--from", "-", check=False))
    golden("bad_size", bassline("ingest", "--lake", lake, "--from", "-", "--memory", "lots", check=False))
    latin = os.fsdecode(b"caf\xe9")
    golden("producer_not_utf8", bassline("ingest", "--lake", lake, "--from", "-", "--producer", latin, check=False))
    golden("producer_not_utf8", bassline("ingest", "--lake", lake, "--kafka", "x:1", "--producer", latin, check=False))
    of_run = bassline("run", "--lake", lake, "--once", "--producer", latin, check=False)
    assert (of_run.returncode, "--producer: is not UTF-8" in of_run.stderr) == (2, True)
    golden("too_little_memory", bassline("ingest", "--lake", lake, "--from", "-", "--threads", 4, "--memory", "1MiB", check=False))
    golden("unknown_scheme", bassline("ingest", "--lake", "ftp://x/lake", "--from", "-", check=False))


def test_verify_without_a_lake(bassline, tmp_path, golden):
    golden("verify_without_a_lake", bassline("verify", "--lake", tmp_path / "lake", check=False))
