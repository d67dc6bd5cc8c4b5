// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/batch_writer.hpp"

namespace bassline::ingest {

/// Records of one partition on their way to its worker: copies, so that the library's memory is
/// free again.
class RecordBuffer {
public:
    void add(const KafkaRecord& record) {
        const auto& value = record.value;
        entries_.push_back({record.offset, record.timestamp_ms, bytes_.size(),
                            value ? value->size() : 0, value.has_value(), record.schema_in_header});
        if (value) bytes_ += *value;
    }
    bool empty() const { return entries_.empty(); }
    /// Memory held.
    std::size_t bytes() const { return bytes_.size() + entries_.size() * sizeof(Entry); }

    /// The records; they live until the next call of anything. Nothing is added afterwards.
    std::vector<KafkaRecord> records() {
        if (!is_padded_) bytes_.append(kLinePadding, '\0');
        is_padded_ = true;
        std::vector<KafkaRecord> records;
        records.reserve(entries_.size());
        for (const Entry& entry : entries_) {
            KafkaRecord& record =
                records.emplace_back(KafkaRecord{.offset = entry.offset,
                                                 .timestamp_ms = entry.timestamp_ms,
                                                 .schema_in_header = entry.schema_in_header});
            if (entry.has_value) {
                record.value = std::string_view(bytes_).substr(entry.start, entry.size);
            }
        }
        return records;
    }

private:
    struct Entry {
        std::uint64_t offset;
        std::int64_t timestamp_ms;
        std::size_t start;
        std::size_t size;
        bool has_value;
        bool schema_in_header;
    };
    std::string bytes_;
    bool is_padded_ = false;
    std::vector<Entry> entries_;
};

}  // namespace bassline::ingest
