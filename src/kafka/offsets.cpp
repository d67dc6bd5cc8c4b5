// SPDX-License-Identifier: Apache-2.0
#include "kafka/offsets.hpp"

#include <string>

#include "kafka/metadata.hpp"

namespace bassline::kafka {

PartitionsHandle list_of(const std::vector<Position>& positions) {
    PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
    for (const auto& [partition, offset] : positions) {
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
            ->offset = offset;
    }
    return list;
}

Result<Watermarks> ask_watermarks(rd_kafka_t* client, const TopicPartition& partition,
                                  std::chrono::milliseconds timeout) {
    Watermarks found;
    const auto code =
        rd_kafka_query_watermark_offsets(client, partition.topic.c_str(), partition.partition,
                                         &found.low, &found.high, in_ms(timeout));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return found;
    // One that has just been made, or whose leader has just started, is not known everywhere; that
    // of a topic that is gone is missed by those who describe it. librdkafka keeps to what it heard
    // last until it hears of all topics again.
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
        code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        (void)ask_metadata(client, Listing::all_topics, timeout);
        return error(ErrorKind::unavailable, "kafka: no broker has {} now", to_string(partition));
    }
    return error(kind_of(code), "kafka: could not ask for the watermarks of {}: {}",
                 to_string(partition), rd_kafka_err2str(code));
}

Result<std::optional<std::int64_t>> ask_offset_at(rd_kafka_t* client,
                                                  const TopicPartition& partition,
                                                  std::int64_t timestamp_ms,
                                                  std::chrono::milliseconds timeout) {
    const auto list = list_of({{partition, timestamp_ms}});
    auto code = rd_kafka_offsets_for_times(client, list.get(), in_ms(timeout));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = list->elems[0].err;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return error(kind_of(code), "kafka: could not find an offset by time in {}: {}",
                     to_string(partition), rd_kafka_err2str(code));
    }
    if (list->elems[0].offset < 0) return std::optional<std::int64_t>();
    return std::optional(list->elems[0].offset);
}

}  // namespace bassline::kafka
