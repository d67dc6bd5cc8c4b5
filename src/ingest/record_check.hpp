// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/batch_writer.hpp"
#include "ingest/partition_rows.hpp"
#include "ingest/record_decoder.hpp"

// One record of a broker against the rows that the lake has of its offset.
//
// The record is decoded anew. Each of its events has one row: of bronze, whose columns say what the
// record says, or of quarantine, which keeps its bytes. A record that could not be read has one row
// of quarantine. Whether it was right to refuse a record is not asked: that depends on the clock,
// the registry and the settings of that time, and `replay` asks it again.
namespace bassline::ingest {

struct RecordVerdict {
    bool absent = false;                   // no row, or not one of each event
    bool doubled = false;                  // more than one row of an event
    bool unread = false;                   // its schema is not known here
    std::optional<std::int64_t> event_ms;  // if the record tells
    std::string differing;                 // column in which a row differs; empty if none does
};

class RecordCheck {
public:
    /// The schemas outlive it.
    explicit RecordCheck(const RecordSchemas* schemas);

    /// The value was prepared; kLinePadding bytes are readable after it.
    void begin(const KafkaRecord& record, std::int32_t partition);
    /// A row of its offset.
    void take(const LakeRow& row);
    RecordVerdict end();

private:
    void take_bronze(const LakeRow& row);
    void take_quarantined(const LakeRow& row);
    void differ(std::string_view column);
    /// Whether the row's column says what the record does.
    bool agrees(event::Column column, const duck::Rows& rows, std::size_t index) const;
    bool agrees_with_producer(event::Column column, const duck::Rows& rows,
                              std::size_t index) const;
    bool agrees_with_timestamp(const duck::Rows& rows, std::size_t index) const;
    bool is_schema_known() const;

    std::array<std::vector<event::Column>, event::kTopicCount> columns_;
    RecordDecoder decoder_;
    const KafkaRecord* record_ = nullptr;
    std::string_view value_;
    std::int32_t partition_ = 0;
    const event::Line* line_ = nullptr;
    std::optional<std::int32_t> schema_id_;
    std::size_t whole_ = 0;                               // rows that stand for the whole record
    std::array<std::size_t, event::kTopicCount> rows_{};  // that stand for an event of a topic
    RecordVerdict verdict_;
};

}  // namespace bassline::ingest
