# SPDX-License-Identifier: Apache-2.0
"""Kafka to Parquet by Spark Structured Streaming: what is in the topic now, with every column of our bronze.

usage: kafka_peer.py BOOTSTRAP TOPIC OUTPUT THREADS JAR...

Exactly once by Spark's means: a checkpoint, and the sink's own log. It checks less than bassline, see peers.py.
"""

import sys

from peers import spark_schema, spark_select, spark_session, stop

ORIGIN = """'kafka' as source, partition as source_partition, offset as source_offset, timestamp as source_timestamp,
    concat('kafka-', topic, '-', partition) as chain"""
RECORDS_PER_BATCH = 500_000


def main(bootstrap: str, topic: str, output: str, threads: int, jars: list[str]) -> None:
    spark = spark_session(threads, **{"spark.jars": ",".join(jars), "spark.sql.shuffle.partitions": str(threads)})
    records = (
        spark.readStream.format("kafka").option("kafka.bootstrap.servers", bootstrap).option("subscribe", topic)
        .option("startingOffsets", "earliest").option("maxOffsetsPerTrigger", RECORDS_PER_BATCH).load()
    )
    records.selectExpr(
        f"from_json(cast(value as string), '{spark_schema()}') as event", "topic", "partition", "offset", "timestamp"
    ).select("event.*", "topic", "partition", "offset", "timestamp").createOrReplaceTempView("records")
    query = (
        spark.sql(f"select {spark_select(ORIGIN)} from records").writeStream.format("parquet")
        .partitionBy("date", "hour").option("path", output).option("checkpointLocation", f"{output}/_checkpoint")
        .trigger(availableNow=True).start()
    )
    query.awaitTermination()
    stop(spark)


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]), sys.argv[5:])
