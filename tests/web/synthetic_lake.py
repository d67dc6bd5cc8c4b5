# SPDX-License-Identifier: Apache-2.0
"""A lake with only what the page reads, made by hand: known numbers, hostile names, any length, no ingest or build needed.

The layout is docs/formats/lake.md's: tables under _versions/, one snapshot that names them.
"""

import json
import random
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MASK = (1 << 64) - 1
PRIMES = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)

HOSTILE_SONGS = [
    ("<img src=x onerror=alert(1)>", "<script>alert(document.domain)</script>"),
    ("\u202eevil right to left", "\u05e9\u05dc\u05d5\u05dd"),
    ("A" * 10_000, "endless"),
    ("\U0001f3b8\U0001f525 solo \U0001f468\u200d\U0001f469\u200d\U0001f467", "emoji"),
    ("=cmd|' /C calc'!A0", "+formula"),
    ('{song|style} {{b}} "quoted", comma', "line\nbreak\ttab"),
    ("</script><svg onload=alert(1)>", "javascript:alert(1)"),
]


def rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & MASK


def xxh64(data: bytes) -> str:
    """XXH64 with seed 0, as the snapshot's checksum wants it."""
    p1, p2, p3, p4, p5 = PRIMES

    def mix(lane: int, value: int) -> int:
        return rotate((lane + value * p2) & MASK, 31) * p1 & MASK

    at = 0
    if len(data) >= 32:
        lanes = [(p1 + p2) & MASK, p2, 0, (-p1) & MASK]
        while at + 32 <= len(data):
            lanes = [mix(lane, int.from_bytes(data[at + 8 * k : at + 8 * k + 8], "little")) for k, lane in enumerate(lanes)]
            at += 32
        value = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            value = ((value ^ mix(0, lane)) * p1 + p4) & MASK
    else:
        value = p5
    value = (value + len(data)) & MASK
    while at + 8 <= len(data):
        value = (rotate(value ^ mix(0, int.from_bytes(data[at : at + 8], "little")), 27) * p1 + p4) & MASK
        at += 8
    if at + 4 <= len(data):
        value = (rotate(value ^ (int.from_bytes(data[at : at + 4], "little") * p1 & MASK), 23) * p2 + p3) & MASK
        at += 4
    for byte in data[at:]:
        value = rotate(value ^ (byte * p5 & MASK), 11) * p1 & MASK
    value = (value ^ (value >> 33)) * p2 & MASK
    value = (value ^ (value >> 29)) * p3 & MASK
    return f"{value ^ (value >> 32):016x}"


def columns(**lists) -> pa.Table:
    return pa.table(lists)


def make_tables(days: int, users: int, first: date, seed: int) -> dict[str, pa.Table]:
    rng = random.Random(seed)
    dates = [first + timedelta(days=n) for n in range(days)]
    songs = HOSTILE_SONGS + [(f"Song {n}", f"Artist {n % 40}") for n in range(60)]
    user_rows, song_rows, level_rows, session_rows, status_rows, active_rows = [], [], [], [], [], []
    totals: dict[int, list] = {}
    seen: list[set] = []
    buckets = [(0, "under 1 min"), (1, "1 to 5 min"), (5, "5 to 15 min"), (15, "15 to 30 min"), (30, "30 to 60 min"),
               (60, "1 to 2 h"), (120, "2 to 4 h"), (240, "4 to 8 h")]
    for index, when in enumerate(dates):
        weekend = when.weekday() >= 5
        active = {u for u in range(1, users + 1) if rng.random() < (0.25 if weekend else 0.4)}
        seen.append(active)
        plays_by_level = {"free": [0, 0], "paid": [0, 0]}
        for user in sorted(active):
            listens = 1 + int(rng.expovariate(1 / 18))
            paid = listens if user % 5 < 2 else 0
            listened_ms = listens * 231_123 + user
            user_rows.append((user, when.year, when.month, when.day, listens, listens, listened_ms / 1000.0, listens - paid, paid, when))
            level = "paid" if paid else "free"
            plays_by_level[level][0] += listens
            plays_by_level[level][1] += listened_ms
        day_plays = sum(row[4] for row in user_rows if row[9] == when)
        rest = day_plays
        for position in range(len(songs)):
            plays = min(rest, int(day_plays * 0.12 / (position + 1) ** 0.6) + 1)
            if position == len(songs) - 1:
                plays = rest
            if plays == 0:
                break
            rest -= plays
            song_rows.append((when, position, plays, plays * 200.5))
            totals.setdefault(position, [0, 0.0])
            totals[position][0] += plays
            totals[position][1] += plays * 200.5
        for level, (plays, listened_ms) in plays_by_level.items():
            level_rows.append((when, level, plays, plays, listened_ms / 1000.0, len(active) // 2 + 1))
        for order, (bucket, label) in enumerate(buckets):
            count = int(len(active) * (0.05, 0.1, 0.2, 0.25, 0.3, 0.2, 0.08, 0.02)[order]) + (order == 4)
            if count:
                seconds = count * (bucket * 90.0 + 20)
                session_rows.append((when, "free", bucket, label, count, seconds, count, seconds))
        for status, count in ((200, day_plays * 2), (307, day_plays // 9 + 1), (404, index % 4)):
            if count:
                status_rows.append((when, status, "NextSong", "PUT", "free", count))
        for level in ("all", "free", "paid"):
            window = [set().union(*seen[max(0, index - width + 1) :]) for width in (1, 7, 30)]
            active_rows.append((when, level, *[len(group) for group in window]))
    ranked = sorted(totals, key=lambda song: (-totals[song][0], song))

    def table(rows, names):
        return pa.table({name: [row[k] for row in rows] for k, name in enumerate(names)})

    return {
        "daily_user_listen_counts": table(user_rows, ["userId", "year", "month", "day", "listen_count", "countable_streams",
                                                      "listened_seconds", "free_listens", "paid_listens", "event_date"])
        .append_column("producer", pa.array([None] * len(user_rows), pa.string())),
        "top_songs_by_play_count": columns(
            song=[songs[s][0] for s in ranked], artist=[songs[s][1] for s in ranked], play_count=[totals[s][0] for s in ranked],
            song_key=[f"key{s}" for s in ranked], rank=list(range(1, len(ranked) + 1)),
            listened_seconds=[totals[s][1] for s in ranked]),
        "int_song_days": columns(
            event_date=[r[0] for r in song_rows], song_key=[f"key{r[1]}" for r in song_rows],
            plays=[r[2] for r in song_rows], countable_streams=[r[2] for r in song_rows],
            listened_ms=[round(r[3] * 1000) for r in song_rows]),
        "active_users_daily": table(active_rows, ["event_date", "level", "dau", "wau", "mau"]),
        "free_vs_paid_daily": table(level_rows, ["event_date", "level", "plays", "countable_streams", "listened_seconds", "sessions"]),
        "session_lengths_daily": table(session_rows, ["event_date", "level", "length_bucket_minutes", "length_label",
                                                      "session_count", "session_seconds", "measured_session_count",
                                                      "measured_seconds"]),
        "event_status_daily": table(status_rows, ["event_date", "status", "page", "method", "level", "event_count"]),
    }


def write_snapshot(lake: Path, number: int, tables: dict[str, pa.Table], watermark: datetime) -> None:
    run = f"run-{number}"
    document = {
        "format": 1, "n": number, "prev_sha256": "", "run": run, "committed_at": "", "models_sha256": "", "models": {},
        "committed_at_us": int(datetime.now(timezone.utc).timestamp() * 1e6), "engine": "duckdb", "bronze": {},
        "watermark_ms": int(watermark.timestamp() * 1000), "retained_from": "", "tables": {},
    }
    for name, content in tables.items():
        path = f"_versions/{run}/{name}/{name}.parquet"
        (lake / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(content, lake / path)
        document["tables"][name] = {"layer": "gold", "files": [
            {"event_date": None, "path": path, "rows": content.num_rows, "bytes": (lake / path).stat().st_size, "xxh64": ""}]}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document["checksum"] = xxh64(text.encode())
    target = lake / "_snapshots" / f"{number:020d}.json"
    target.parent.mkdir(exist_ok=True)
    staged = target.with_suffix(".part")
    staged.write_text(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
    staged.rename(target)


def make_lake(lake: Path, days: int = 45, users: int = 120, first: date = date(2025, 3, 1), seed: int = 7) -> Path:
    """Whole days but the last, which ends at 14:32 UTC."""
    lake.mkdir(parents=True, exist_ok=True)
    (lake / "_lake.json").write_text('{"format":1}\n')
    last = first + timedelta(days=days - 1)
    watermark = datetime(last.year, last.month, last.day, 14, 32, tzinfo=timezone.utc)
    write_snapshot(lake, 1, make_tables(days, users, first, seed), watermark)
    return lake


def make_empty_lake(lake: Path) -> Path:
    lake.mkdir(parents=True, exist_ok=True)
    (lake / "_lake.json").write_text('{"format":1}\n')
    return lake
