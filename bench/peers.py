# SPDX-License-Identifier: Apache-2.0
"""The same ingest by DuckDB or Spark: listens in, Parquet by date and hour out, with every column of our bronze.

usage: peers.py duckdb|spark INPUT OUTPUT THREADS

Neither repairs doubly encoded text (both only trim), checks vocabularies or keeps bad lines, so they do less.
"""

import sys

FIELDS = {
    "artist": "varchar", "song": "varchar", "duration": "double", "ts": "bigint", "sessionId": "bigint",
    "auth": "varchar", "level": "varchar", "itemInSession": "integer", "city": "varchar", "zip": "varchar",
    "state": "varchar", "userAgent": "varchar", "lon": "double", "lat": "double", "userId": "varchar",
    "lastName": "varchar", "firstName": "varchar", "gender": "varchar", "registration": "bigint",
}
SELECT = """
    ts, sessionId, auth, level, itemInSession, city, zip, state, userAgent, lon, lat, userId, lastName, firstName,
    gender, registration, cast(null as {text}) as tag, artist, song, duration, cast(null as {text}) as location,
    {event_at} as event_at, trim(artist) as artist_utf8, trim(song) as song_utf8, 'topics' as input_format,
    cast(null as {text}) as producer, 'file' as source, 0 as source_partition, ts as source_offset,
    cast(null as {timestamp}) as source_timestamp, now() as ingested_at, 'files' as chain,
    cast(1 as bigint) as seq, cast(null as int) as schema_id, cast(null as {text}) as rescued_data,
    {date} as date, {hour} as hour
"""


def run_duckdb(source: str, target: str, threads: int) -> None:
    import duckdb

    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in FIELDS.items())
    select = SELECT.format(
        text="varchar", timestamp="timestamptz", event_at="make_timestamptz(ts * 1000)",
        date="strftime(make_timestamp(ts * 1000), '%Y-%m-%d')", hour="strftime(make_timestamp(ts * 1000), '%H')",
    )
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set TimeZone = 'UTC'; set preserve_insertion_order = false")
    connection.execute(
        f"copy (select {select} from read_json('{source}', format = 'newline_delimited', columns = {{{columns}}})) "
        f"to '{target}' (format parquet, compression zstd, compression_level 1, partition_by (date, hour))"
    )


def run_spark(source: str, target: str, threads: int) -> None:
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master(f"local[{threads}]")
        .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", "3g").config("spark.log.level", "ERROR")
        .config("spark.sql.parquet.compression.codec", "zstd").config("parquet.compression.codec.zstd.level", "1")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .getOrCreate()
    )
    kinds = {"varchar": "string", "integer": "int"}
    schema = ", ".join(f"{name} {kinds.get(kind, kind)}" for name, kind in FIELDS.items())
    select = SELECT.format(
        text="string", timestamp="timestamp", event_at="timestamp_millis(ts)",
        date="date_format(timestamp_millis(ts), 'yyyy-MM-dd')", hour="date_format(timestamp_millis(ts), 'HH')",
    )
    spark.read.schema(schema).json(source).createOrReplaceTempView("lines")
    spark.sql(f"select {select} from lines").write.partitionBy("date", "hour").parquet(target)
    gateway = spark.sparkContext._gateway  # noqa: SLF001
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()  # so that the virtual machine's CPU time counts as ours


if __name__ == "__main__":
    engine, source_path, target_path, thread_count = sys.argv[1:]
    {"duckdb": run_duckdb, "spark": run_spark}[engine](source_path, target_path, int(thread_count))
