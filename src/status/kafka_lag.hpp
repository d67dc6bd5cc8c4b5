// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kafka/cluster.hpp"
#include "status/status.hpp"

namespace bassline::status {

/// Asks the brokers how far each Kafka chain is behind, and reads its first unread record for the
/// time that it waits; joins no group and acknowledges nothing. A chain of another cluster, or
/// whose topic is gone, was made again or cut, gets a note and no lag. Errors: `unavailable` if no
/// broker answers; `config`.
Result<void> add_kafka_lag(const kafka::Cluster& cluster, std::chrono::milliseconds patience,
                           Timestamp now, std::vector<ChainState>& chains);

}  // namespace bassline::status
