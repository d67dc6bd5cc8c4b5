// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kafka/vendor.hpp"

// Topics as a producer needs them: made if missing, checked if they are there. Only for this room.
namespace bassline::kafka {

struct TopicLayout {
    std::optional<int> partitions;   // checked if given; new topics have kDefaultPartitions
    std::optional<int> replication;  // of new topics; the broker's default if not given
};
inline constexpr int kDefaultPartitions = 4;

/// The largest record a new topic takes (its `max.message.bytes`), and that a producer sends.
inline constexpr int kRecordBytesMax = 2 << 20;

/// Afterwards all topics are there.
/// Errors: `conflict` if one has another number of partitions than asked for, `unavailable` if no
/// broker answers in time, `config` if we may not make one, `io`.
Result<void> ensure_topics(rd_kafka_t* client, const std::vector<std::string>& topics,
                           const TopicLayout& layout, std::chrono::milliseconds timeout);

}  // namespace bassline::kafka
