// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

// What became of every record that was handed to the broker.
//
// Each record ends in exactly one of three ways: acked (the broker says it is durable), failed (it
// is certainly not in the log) or unknown (it was sent and nobody said what became of it).
namespace bassline::kafka {

struct OffsetRange {
    std::int64_t start, end;  // the end is exclusive

    bool operator==(const OffsetRange&) const = default;
};

struct PartitionDeliveries {
    std::uint64_t acked = 0;
    std::uint64_t without_offset = 0;  // of the acked: the broker knew them from a former try
    std::vector<OffsetRange> ranges;   // of the others, in order of arrival, neighbours joined

    /// Counts an acked record; a negative offset is one that was not told.
    void add(std::int64_t offset);
};

struct TopicDeliveries {
    std::string topic;
    std::uint64_t acked = 0;
    std::uint64_t failed = 0;
    std::uint64_t unknown = 0;
    std::string error;  // of the first record that was not acked
    std::map<std::int32_t, PartitionDeliveries> partitions;
};

struct DeliveryTotals {
    std::uint64_t acked = 0;
    std::uint64_t failed = 0;
    std::uint64_t unknown = 0;
};

using DeliveryLedger = std::vector<TopicDeliveries>;

DeliveryTotals totals_of(const DeliveryLedger& ledger);

/// `{"topics": {name: {"acked", "failed", "unknown", "error", "partitions": {"0": {"acked",
/// "without_offset", "ranges": [[start, end], ...]}}}}}`.
nlohmann::json ledger_json(const DeliveryLedger& ledger);

}  // namespace bassline::kafka
