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
    cast(null as {text}) as producer, {origin}, now() as ingested_at,
    cast(1 as bigint) as seq, cast(null as int) as schema_id, cast(null as {text}) as rescued_data,
    {date} as date, {hour} as hour
"""

OF_A_FILE = """'file' as source, 0 as source_partition, ts as source_offset, cast(null as {timestamp}) as source_timestamp,
    'files' as chain"""


def run_duckdb(source: str, target: str, threads: int) -> None:
    import duckdb

    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in FIELDS.items())
    select = SELECT.format(
        text="varchar", origin=OF_A_FILE.format(timestamp="timestamptz"), event_at="make_timestamptz(ts * 1000)",
        date="strftime(make_timestamp(ts * 1000), '%Y-%m-%d')", hour="strftime(make_timestamp(ts * 1000), '%H')",
    )
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set TimeZone = 'UTC'; set preserve_insertion_order = false")
    connection.execute(
        f"copy (select {select} from read_json('{source}', format = 'newline_delimited', columns = {{{columns}}})) "
        f"to '{target}' (format parquet, compression zstd, compression_level 1, partition_by (date, hour))"
    )


def spark_session(threads: int, **more: str):
    """One JVM with as many threads; timestamps and codec as bassline writes them."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.driver.memory": "3g", "spark.log.level": "ERROR",
        "spark.sql.parquet.compression.codec": "zstd", "parquet.compression.codec.zstd.level": "1",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS", **more,
    }
    return SparkSession.builder.master(f"local[{threads}]").config(map=settings).getOrCreate()


def spark_schema() -> str:
    kinds = {"varchar": "string", "integer": "int"}
    return ", ".join(f"{name} {kinds.get(kind, kind)}" for name, kind in FIELDS.items())


def spark_select(origin: str) -> str:
    return SELECT.format(
        text="string", origin=origin, event_at="timestamp_millis(ts)",
        date="date_format(timestamp_millis(ts), 'yyyy-MM-dd')", hour="date_format(timestamp_millis(ts), 'HH')",
    )


def stop(spark) -> None:
    """Waits for the virtual machine's end, so that its CPU time counts as ours."""
    gateway = spark.sparkContext._gateway  # noqa: SLF001
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def run_spark(source: str, target: str, threads: int) -> None:
    spark = spark_session(threads)
    select = spark_select(OF_A_FILE.format(timestamp="timestamp"))
    spark.read.schema(spark_schema()).json(source).createOrReplaceTempView("lines")
    spark.sql(f"select {select} from lines").write.partitionBy("date", "hour").parquet(target)
    stop(spark)


if __name__ == "__main__":
    engine, source_path, target_path, thread_count = sys.argv[1:]
    {"duckdb": run_duckdb, "spark": run_spark}[engine](source_path, target_path, int(thread_count))
