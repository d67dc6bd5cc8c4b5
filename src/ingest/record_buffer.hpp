// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

    /// Forgets the records and keeps the memory.
    void clear() {
        bytes_.clear();
        entries_.clear();
        is_padded_ = false;
    }

    /// Puts the records into a vector, whose memory is used again; they live until the next call of
    /// anything. Nothing is added afterwards.
    void list(std::vector<KafkaRecord>& records) {
        if (!is_padded_) bytes_.append(kLinePadding, '\0');
        is_padded_ = true;
        records.clear();
        for (const Entry& entry : entries_) {
            KafkaRecord& record =
                records.emplace_back(KafkaRecord{.offset = entry.offset,
                                                 .timestamp_ms = entry.timestamp_ms,
                                                 .schema_in_header = entry.schema_in_header});
            if (entry.has_value) {
                record.value = std::string_view(bytes_).substr(entry.start, entry.size);
            }
        }
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

/// Buffers that workers have emptied, for the poll thread to fill again: fresh memory costs as much
/// as what is done with it. Safe to use from several threads.
class SpareBuffers {
public:
    RecordBuffer take() {
        const std::lock_guard lock(mutex_);
        if (spare_.empty()) return {};
        RecordBuffer buffer = std::move(spare_.back());
        spare_.pop_back();
        return buffer;
    }
    void give(RecordBuffer buffer) {
        buffer.clear();
        const std::lock_guard lock(mutex_);
        if (spare_.size() < kSpareMax) spare_.push_back(std::move(buffer));
    }

private:
    static constexpr std::size_t kSpareMax = 32;
    std::mutex mutex_;
    std::vector<RecordBuffer> spare_;
};

}  // namespace bassline::ingest
