# SPDX-License-Identifier: Apache-2.0
"""Reads a lake with plain Spark by its folders, as a stranger would, and prints what it saw as JSON. Run by Spark's Python."""

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, count, count_distinct, max, struct

lake, rare_texts = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")


def rows(path: str, view: str, sql: str) -> list[list]:
    spark.read.option("basePath", path).parquet(path).createOrReplaceTempView(view)
    return [list(row) for row in spark.sql(sql).collect()]


ALIKE = ("string", "date", "bigint", "int", "smallint")


def of_columns(path: str) -> dict[str, list]:
    """Rows, values and different values of each column, the greatest where engines write it alike, and rows by date."""
    table = spark.read.option("basePath", path).parquet(path)
    figures = table.select(
        count("*").alias("rows"),
        *(struct(count(name), count_distinct(name), *([max(col(name)).cast("string")] if kind in ALIKE else [])).alias(name)
          for name, kind in table.dtypes),
    ).first()
    day = "event_date" if "event_date" in table.columns else "date"
    by_date = table.groupBy(col(day).cast("string")).count().collect()
    return {
        **{name: list(found) if isinstance(found, tuple) else found for name, found in figures.asDict().items()},
        "by_date": sorted(list(row) for row in by_date),
    }


seen = {
    "bronze": rows(
        f"{lake}/bronze/listen_events",
        "listens",
        "select cast(date as string), count(*), sum(cast(floor(duration * 1000 + 0.5) as bigint)), count(userId),"
        " min(hour(event_at)), max(date_format(event_at, 'yyyy-MM-dd')) from listens group by date order by date",
    ),
    "columns": {
        name: of_columns(f"{of_lake}/{name}")
        for of_lake, name in (
            (lake, "silver/fact_page_view_events"),
            (lake, "silver/fact_listen_events"),
            (lake, "bronze/page_view_events"),
            (lake, "bronze/auth_events"),
            (rare_texts, "bronze/listen_events"),
        )
    },
    "rare_texts": rows(
        f"{rare_texts}/bronze/listen_events",
        "rare",
        "select count(*), count(distinct song), sum(length(song)), count(city), sum(length(city)), max(song_utf8), min(city)"
        " from rare",
    ),
    "gold": rows(
        f"{lake}/gold/weekday_mean_listening_time",
        "weekdays",
        "select weekday, mean_listening_time, user_days from weekdays order by iso_weekday",
    ),
}
print(json.dumps(seen))
spark.stop()
