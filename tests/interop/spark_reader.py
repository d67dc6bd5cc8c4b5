# SPDX-License-Identifier: Apache-2.0
"""Reads a lake with plain Spark by its folders, as a stranger would, and prints what it saw as JSON. Run by Spark's Python."""

import json
import sys

from pyspark.sql import SparkSession

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


seen = {
    "bronze": rows(
        f"{lake}/bronze/listen_events",
        "listens",
        "select cast(date as string), count(*), sum(cast(floor(duration * 1000 + 0.5) as bigint)), count(userId),"
        " min(hour(event_at)), max(date_format(event_at, 'yyyy-MM-dd')) from listens group by date order by date",
    ),
    "silver": rows(
        f"{lake}/silver/fact_page_view_events",
        "page_views",
        "select cast(event_date as string), count(*), count(resolved_user_id) from page_views group by event_date order by 1",
    ),
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
