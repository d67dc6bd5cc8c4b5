# SPDX-License-Identifier: Apache-2.0
"""Records that are odd in ways no line of a file can be, with what the ingester must make of each."""

import gzip
import json
import sys
from dataclasses import dataclass

import zstandard

TOPIC, DATE = "listen_events", "2025-03-01"
GOOD = json.dumps({
    "artist": "A", "song": "S", "duration": 200.5, "ts": 1_740_830_400_000, "sessionId": 1 << 40, "auth": "Logged In",
    "level": "free", "itemInSession": 1, "city": "Boston", "zip": "02151", "state": "MA", "userAgent": "M", "lon": -71.0,
    "lat": 42.4, "userId": 7, "lastName": "K", "firstName": "F", "gender": "F", "registration": 1_740_787_200_000,
}, separators=(",", ":")).encode()
MEBIBYTE = 1 << 20


def padded(size: int) -> bytes:
    begin, end = GOOD[:-1] + b',"padding":"', b'"}'
    return begin + b"x" * (size - len(begin) - len(end)) + end


@dataclass(frozen=True)
class Hostile:
    name: str
    value: bytes | None
    reason: str | None  # of the refusal; none: a row of bronze
    key: bytes | None = b"7"
    headers: tuple = ()
    most: int = sys.maxsize  # sent so often: large ones few times


HOSTILE = (
    Hostile("null key", GOOD, None, key=None),
    Hostile("binary key", GOOD, None, key=b"\xff\0"),
    Hostile("binary header", GOOD, None, headers=(("h", b"\xff"),)),
    Hostile("newlines within", json.dumps(json.loads(GOOD), indent=2).encode(), None),
    Hostile("newlines around", b"\n" + GOOD + b"\r\n", None),
    Hostile("1 MiB", padded(MEBIBYTE), None, most=10),
    Hostile("1 MiB and a byte", padded(MEBIBYTE + 1), "oversize", most=10),
    Hostile("tombstone", None, "no_value"),
    Hostile("empty value", b"", "no_value"),
    Hostile("blank value", b" \t\r\n", "no_value"),
    Hostile("one zero byte", b"\0", "bad_framing"),
    Hostile("frame cut short", b"\0\0\0\1", "bad_framing"),
    Hostile("frame of a newer kind", b"\1" + bytes(range(16)) + GOOD, "bad_framing"),
    Hostile("schema in a header", b"\2" + GOOD, "bad_framing", headers=(("__value_schema_id", b"\0\0\0\0\1"),)),
    Hostile("unknown schema", b"\0\x7f\xff\xff\xff" + GOOD, "unknown_schema"),
    Hostile("unknown first byte", b"\2" + GOOD, "bad_json"),
    Hostile("two records, two lines", GOOD + b"\n" + GOOD, "bad_json"),
    Hostile("byte order mark alone", b"\xef\xbb\xbf", "bad_json"),
    Hostile("UTF-16", "\ufeff".encode("utf-16-le") + GOOD.decode().encode("utf-16-le"), "bad_encoding"),
    Hostile("gzip within", gzip.compress(GOOD, mtime=0), "bad_encoding"),
    Hostile("zstd within", zstandard.compress(GOOD), "bad_encoding"),
    Hostile("Avro file", b"Obj\1\2" + b"avro.schema", "bad_json"),
    Hostile("2 MB", padded(2 * MEBIBYTE), "oversize", most=10),
    Hostile("8 MB of bytes", b"\xff\0" * (4 * MEBIBYTE), "oversize", most=5),
    Hostile("50 MB of one letter", b"x" * (50 * MEBIBYTE), "oversize", most=3),  # some kilobytes in its compressed batch
)
