// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kafka/consumer.hpp"
#include "kafka/vendor.hpp"

namespace bassline::kafka {

/// What the brokers know of the topics, in the order of their names. Only for this room.
/// Errors: `not_found` naming the topic, `unavailable`, `config`.
Result<std::vector<TopicDescription>> describe_topics(rd_kafka_t* client,
                                                      const std::vector<std::string>& topics,
                                                      std::chrono::milliseconds timeout);

/// Whether the topic's cleanup.policy has compaction in it; no if the brokers do not tell. Only for
/// this room. Errors: `unavailable`.
Result<bool> has_compaction(rd_kafka_t* client, const std::string& topic,
                            std::chrono::milliseconds timeout);

}  // namespace bassline::kafka
