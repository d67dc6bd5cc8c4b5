# SPDX-License-Identifier: Apache-2.0
"""Event logs to bronze Parquet, by docs/formats/bronze.md and nothing else.

An independent second writer: the models are tested on its files, so that a mistake of the ingest cannot hide in them.
It reads whole files into memory and knows neither commits nor batches; a line that it cannot take in is an error.
"""

import datetime
import gzip
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

TOPICS = ("listen_events", "page_view_events", "auth_events", "status_change_events")
STATUS_CHANGE_PAGES = ("Submit Upgrade", "Submit Downgrade")
UTC_MICROS = pa.timestamp("us", tz="UTC")

PRODUCER_COLUMNS = {
    "ts": (pa.int64(), TOPICS),
    "sessionId": (pa.int64(), TOPICS),
    "page": (pa.string(), ("page_view_events",)),
    "auth": (pa.string(), ("listen_events", "page_view_events", "status_change_events")),
    "method": (pa.string(), ("page_view_events",)),
    "status": (pa.int32(), ("page_view_events",)),
    "level": (pa.string(), TOPICS),
    "itemInSession": (pa.int32(), TOPICS),
    "city": (pa.string(), TOPICS),
    "zip": (pa.string(), TOPICS),
    "state": (pa.string(), TOPICS),
    "userAgent": (pa.string(), TOPICS),
    "lon": (pa.float64(), TOPICS),
    "lat": (pa.float64(), TOPICS),
    "userId": (pa.string(), TOPICS),
    "lastName": (pa.string(), TOPICS),
    "firstName": (pa.string(), TOPICS),
    "gender": (pa.string(), TOPICS),
    "registration": (pa.int64(), TOPICS),
    "tag": (pa.string(), TOPICS),
    "artist": (pa.string(), ("listen_events", "page_view_events")),
    "song": (pa.string(), ("listen_events", "page_view_events")),
    "duration": (pa.float64(), ("listen_events", "page_view_events")),
    "success": (pa.bool_(), ("auth_events",)),
}
ADDED_COLUMNS = {
    "event_at": UTC_MICROS,
    "artist_utf8": pa.string(),
    "song_utf8": pa.string(),
    "location": pa.string(),
    "input_format": pa.string(),
    "producer": pa.string(),
    "source": pa.string(),
    "source_partition": pa.int32(),
    "source_offset": pa.int64(),
    "source_timestamp": UTC_MICROS,
    "ingested_at": UTC_MICROS,
    "chain": pa.string(),
    "seq": pa.int64(),
    "schema_id": pa.int32(),
    "rescued_data": pa.string(),
}
REQUIRED = {
    "ts", "sessionId", "itemInSession", "event_at", "input_format", "source", "source_partition", "source_offset",
    "ingested_at", "chain", "seq",
}  # fmt: skip


def schema_of(topic):
    fields = [
        pa.field(name, kind, name not in REQUIRED) for name, (kind, topics) in PRODUCER_COLUMNS.items() if topic in topics
    ]
    return pa.schema(fields + [pa.field(name, kind, name not in REQUIRED) for name, kind in ADDED_COLUMNS.items()])


def repaired(text):
    """Undoes UTF-8 that was read as Latin-1, up to three times over, then trims spaces."""
    if text is None:
        return None
    for _ in range(3):
        if text.isascii():
            break
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text.strip(" ")


def topic_of_file(path, first_record):
    """The topic of a four-topic file, or None for a single stream."""
    for topic in TOPICS:
        if path.name.startswith(topic):
            return topic
    if "page" in first_record and ("location" in first_record or "length" in first_record):
        return None
    raise ValueError(f"{path}: neither a topic's file nor a single stream")


def normalised(record):
    """A record with bronze's names and nulls; fields that bronze does not know are dropped."""
    row = {name: record.get(name) for name in PRODUCER_COLUMNS}
    if "length" in record:
        row["duration"] = record["length"]
    for name, (kind, _) in PRODUCER_COLUMNS.items():
        if kind == pa.string() and row[name] == "":
            row[name] = None
    if row["userId"] is not None:
        row["userId"] = str(row["userId"])
    if row["registration"] is not None:
        row["registration"] = int(row["registration"])
    row["location"] = record.get("location")
    return row


def records_of(path):
    """(byte offset, record) of each line."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    offset = 0
    for line in data.split(b"\n"):
        if line.strip():
            yield offset, json.loads(line)
        offset += len(line) + 1


def rows_of(path, source_number, producer, ingested_at, seq):
    """(topic, row) of each event of a file."""
    topic = input_format = None
    for offset, record in records_of(path):
        if input_format is None:
            topic = topic_of_file(path, record)
            input_format = "topics" if topic else "single"
        row = normalised(record)
        row |= {
            "event_at": datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(milliseconds=row["ts"]),
            "artist_utf8": repaired(row["artist"]),
            "song_utf8": repaired(row["song"]),
            "input_format": input_format,
            "producer": producer,
            "source": "file",
            "source_partition": source_number,
            "source_offset": offset,
            "source_timestamp": None,
            "ingested_at": ingested_at,
            "chain": "files",
            "seq": seq,
            "schema_id": None,
            "rescued_data": None,
        }
        if topic:
            yield topic, row
            continue
        yield "page_view_events", row
        if row["page"] == "NextSong":
            yield "listen_events", row
        elif row["page"] in STATUS_CHANGE_PAGES:
            yield "status_change_events", row


def event_files(source):
    """The log files of a folder, or the file itself, in order of their names."""
    source = pathlib.Path(source)
    if source.is_file():
        return [source]
    kinds = ("", ".gz", ".json", ".ndjson")
    skipped = ("LICENSE", "expected.json")
    return sorted(p for p in source.iterdir() if p.is_file() and p.suffix in kinds and p.name not in skipped)


def write_bronze(source, lake, producer=None, seq=0):
    """Adds the events of a folder or file to the lake; returns the rows written for each topic."""
    lake = pathlib.Path(lake)
    ingested_at = datetime.datetime.now(datetime.UTC)
    hours = {}
    counts = dict.fromkeys(TOPICS, 0)
    for number, path in enumerate(event_files(source)):
        for topic, row in rows_of(path, seq * 1000 + number, producer, ingested_at, seq):
            counts[topic] += 1
            at = row["event_at"]
            hours.setdefault((topic, f"{at:%Y-%m-%d}", f"{at:%H}"), []).append(row)
    for (topic, date, hour), rows in hours.items():
        folder = lake / "bronze" / topic / f"date={date}" / f"hour={hour}"
        folder.mkdir(parents=True, exist_ok=True)
        schema = schema_of(topic)
        columns = [{name: row.get(name) for name in schema.names} for row in rows]
        table = pa.Table.from_pylist(columns, schema=schema)
        pq.write_table(table, folder / f"{topic}-files-{seq:020d}-1of1.parquet", compression="zstd")
    return counts
