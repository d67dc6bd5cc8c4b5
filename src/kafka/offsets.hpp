// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "kafka/consumer.hpp"
#include "kafka/vendor.hpp"

// What the brokers say of offsets, asked once each. Only for this room.
namespace bassline::kafka {

/// librdkafka's form of positions.
PartitionsHandle list_of(const std::vector<Position>& positions);

/// Errors: `unavailable`, also where no broker knows of the partition now; `config`, `io`.
Result<Watermarks> ask_watermarks(rd_kafka_t* client, const TopicPartition& partition,
                                  std::chrono::milliseconds timeout);

/// The first offset whose record time is not before; the end if there is no such record.
/// Errors: as above.
Result<std::int64_t> ask_offset_at(rd_kafka_t* client, const TopicPartition& partition,
                                   std::int64_t timestamp_ms, std::chrono::milliseconds timeout);

}  // namespace bassline::kafka
