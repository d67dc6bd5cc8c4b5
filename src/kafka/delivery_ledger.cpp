// SPDX-License-Identifier: Apache-2.0
#include "kafka/delivery_ledger.hpp"

#include <nlohmann/json.hpp>

namespace bassline::kafka {

void PartitionDeliveries::add(std::int64_t offset) {
    ++acked;
    if (offset < 0) {
        ++without_offset;
    } else if (!ranges.empty() && ranges.back().end == offset) {
        ++ranges.back().end;
    } else {
        ranges.push_back({offset, offset + 1});
    }
}

DeliveryTotals totals_of(const DeliveryLedger& ledger) {
    DeliveryTotals totals;
    for (const TopicDeliveries& topic : ledger) {
        totals.acked += topic.acked;
        totals.failed += topic.failed;
        totals.unknown += topic.unknown;
    }
    return totals;
}

nlohmann::json ledger_json(const DeliveryLedger& ledger) {
    nlohmann::json topics = nlohmann::json::object();
    for (const TopicDeliveries& topic : ledger) {
        nlohmann::json partitions = nlohmann::json::object();
        for (const auto& [number, partition] : topic.partitions) {
            nlohmann::json ranges = nlohmann::json::array();
            for (const OffsetRange& range : partition.ranges) {
                ranges.push_back({range.start, range.end});
            }
            partitions[std::to_string(number)] = {{"acked", partition.acked},
                                                  {"without_offset", partition.without_offset},
                                                  {"ranges", std::move(ranges)}};
        }
        topics[topic.topic] = {{"acked", topic.acked},
                               {"failed", topic.failed},
                               {"unknown", topic.unknown},
                               {"error", topic.error},
                               {"partitions", std::move(partitions)}};
    }
    return {{"topics", std::move(topics)}};
}

}  // namespace bassline::kafka
