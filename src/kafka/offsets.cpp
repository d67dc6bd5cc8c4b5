// SPDX-License-Identifier: Apache-2.0
#include "kafka/offsets.hpp"

#include <string>

#include "kafka/metadata.hpp"

namespace bassline::kafka {

using Deadline = std::chrono::steady_clock::time_point;

PartitionsHandle list_of(const std::vector<Position>& positions) {
    PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
    for (const auto& [partition, offset] : positions) {
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
            ->offset = offset;
    }
    return list;
}

namespace {

// A partition that has just been made, or whose leader has just started, is not known everywhere;
// that of a topic that is gone is missed by those who describe it. librdkafka keeps to what it
// heard last until it hears of all topics again.
Error failure(rd_kafka_t* client, std::string_view doing, const TopicPartition& partition,
              rd_kafka_resp_err_t code, Deadline deadline) {
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
        code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        (void)ask_metadata(client, Listing::all_topics, time_left(deadline));
        return error(ErrorKind::unavailable, "kafka: no broker has {} now", to_string(partition));
    }
    return error(kind_of(code), "kafka: could not {} {}: {}", doing, to_string(partition),
                 rd_kafka_err2str(code));
}

}  // namespace

Result<Watermarks> ask_watermarks(rd_kafka_t* client, const TopicPartition& partition,
                                  std::chrono::milliseconds timeout) {
    const Deadline deadline = std::chrono::steady_clock::now() + timeout;
    Watermarks found;
    const auto code =
        rd_kafka_query_watermark_offsets(client, partition.topic.c_str(), partition.partition,
                                         &found.low, &found.high, in_ms(timeout));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return found;
    return failure(client, "ask for the watermarks of", partition, code, deadline);
}

Result<std::int64_t> ask_offset_at(rd_kafka_t* client, const TopicPartition& partition,
                                   std::int64_t timestamp_ms, std::chrono::milliseconds timeout) {
    const Deadline deadline = std::chrono::steady_clock::now() + timeout;
    const auto list = list_of({{partition, timestamp_ms}});
    auto code = rd_kafka_offsets_for_times(client, list.get(), in_ms(timeout));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = list->elems[0].err;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return failure(client, "find an offset by time in", partition, code, deadline);
    }
    if (list->elems[0].offset >= 0) return list->elems[0].offset;
    TRY_ASSIGN(const Watermarks ends, ask_watermarks(client, partition, time_left(deadline)));
    return ends.high;
}

}  // namespace bassline::kafka
