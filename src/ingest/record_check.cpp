// SPDX-License-Identifier: Apache-2.0
#include "ingest/record_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "event/text.hpp"

namespace bassline::ingest {
namespace {

using event::Column;
using event::Type;

constexpr std::int64_t kMicrosPerMs = 1000;
// When a record was ingested is not known, so none is too far ahead.
constexpr std::int64_t kAnyTime = std::numeric_limits<std::int64_t>::max();

std::string text_of(const event::Text& text) {
    return text.escaped ? event::unescape(text.view()) : std::string(text.view());
}

// Null and the empty text are one here: no column keeps an empty text but `location`.
bool is_text(const duck::Rows& rows, std::size_t index, std::string_view text) {
    return rows.text(index) == text && (text.empty() || !rows.is_null(index));
}

std::string repaired(const event::Fields& fields, Column column) {
    return fields.has(column) ? event::repair_utf8(text_of(fields[column].text)) : std::string();
}

bool is_real(double held, double said) {
    return held == said || (std::isnan(held) && std::isnan(said));
}

}  // namespace

RecordCheck::RecordCheck(const RecordSchemas* schemas) : decoder_(kAnyTime, schemas) {
    for (const event::Topic topic : event::kTopics) {
        columns_[static_cast<std::size_t>(topic)] = compared_columns(topic);
    }
}

void RecordCheck::begin(const KafkaRecord& record, std::int32_t partition) {
    static constexpr std::array<char, kLinePadding> kNothing{};
    record_ = &record;
    partition_ = partition;
    value_ = record.value.value_or(std::string_view(kNothing.data(), 0));
    const RecordDecoder::Answer answer = decoder_.decode(value_);
    line_ = &answer.line;
    schema_id_ = answer.schema_id;
    whole_ = 0;
    rows_ = {};
    verdict_ = {};
}

bool RecordCheck::is_schema_known() const {
    if (line_->format || line_->record_count == 0 || !line_->records[0].refusal) return true;
    return line_->records[0].refusal->reason != event::Reason::unknown_schema;
}

void RecordCheck::take(const LakeRow& row) {
    row.quarantined ? take_quarantined(row) : take_bronze(row);
}

void RecordCheck::take_quarantined(const LakeRow& row) {
    const bool is_whole = row.rows->is_null(kRowFormat);
    ++(is_whole ? whole_ : rows_[static_cast<std::size_t>(row.topic)]);
    if (row.rows->text(kRowRaw) != value_.substr(0, kLineBytesMax)) differ("raw");
    if (static_cast<std::uint64_t>(row.rows->int64(kRowRawBytes)) != value_.size()) {
        differ("raw_bytes");
    }
    if (!agrees_with_timestamp(*row.rows, kRowTimestamp)) differ("source_timestamp");
}

void RecordCheck::take_bronze(const LakeRow& row) {
    const auto topic = static_cast<std::size_t>(row.topic);
    ++rows_[topic];
    if (!is_schema_known()) {
        verdict_.unread = true;
        return;
    }
    const auto* const found = std::find_if(
        line_->records.begin(), line_->records.begin() + line_->record_count,
        [&](const event::Record& record) { return record.topic == row.topic && !record.refusal; });
    if (!line_->format || found == line_->records.begin() + line_->record_count) {
        return differ("a row of an event that the record does not hold");
    }
    for (std::size_t at = 0; at < columns_[topic].size(); ++at) {
        const Column column = columns_[topic][at];
        if (!agrees(column, *row.rows, at + 1)) return differ(event::definition(column).name);
    }
}

void RecordCheck::differ(std::string_view column) {
    if (verdict_.differing.empty()) verdict_.differing = column;
}

bool RecordCheck::agrees(Column column, const duck::Rows& rows, std::size_t index) const {
    switch (column) {
        case Column::event_at:
            return rows.timestamp(index).time_since_epoch() / std::chrono::microseconds(1) ==
                   line_->fields[Column::ts].integer * kMicrosPerMs;
        case Column::artist_utf8:
            return is_text(rows, index, repaired(line_->fields, Column::artist));
        case Column::song_utf8:
            return is_text(rows, index, repaired(line_->fields, Column::song));
        case Column::input_format:
            return is_text(rows, index, to_string(*line_->format));
        case Column::source:
            return is_text(rows, index, "kafka");
        case Column::source_partition:
            return rows.int64(index) == partition_;
        case Column::source_timestamp:
            return agrees_with_timestamp(rows, index);
        case Column::schema_id:
            return rows.is_null(index) ? !schema_id_ : rows.int64(index) == schema_id_;
        case Column::rescued_data:
            return is_text(rows, index, line_->rescued);
        default:
            return agrees_with_producer(column, rows, index);
    }
}

bool RecordCheck::agrees_with_producer(Column column, const duck::Rows& rows,
                                       std::size_t index) const {
    const event::Fields& fields = line_->fields;
    if (fields.has(column) == rows.is_null(index)) return false;
    if (!fields.has(column)) return true;
    const event::Value& said = fields[column];
    switch (event::definition(column).type) {
        case Type::text:
            return rows.text(index) == text_of(said.text);
        case Type::real:
            return is_real(rows.real(index), said.real);
        case Type::boolean:
            return rows.boolean(index) == said.boolean;
        default:
            return rows.int64(index) == said.integer;
    }
}

// The year 9999 is the last that a row can say; brokers take any.
bool RecordCheck::agrees_with_timestamp(const duck::Rows& rows, std::size_t index) const {
    const std::int64_t said = record_->timestamp_ms;
    if (rows.is_null(index)) return said < 0 || said > kTimestampMsMax;
    return rows.timestamp(index).time_since_epoch() / std::chrono::microseconds(1) ==
           said * kMicrosPerMs;
}

RecordVerdict RecordCheck::end() {
    const std::size_t told = std::accumulate(rows_.begin(), rows_.end(), std::size_t{0});
    const bool is_twice =
        std::any_of(rows_.begin(), rows_.end(), [](std::size_t count) { return count > 1; });
    verdict_.doubled = is_twice || whole_ > 1 || (whole_ == 1 && told > 0);
    verdict_.absent = whole_ + told == 0;
    if (line_->format && line_->fields.has(Column::ts)) {
        verdict_.event_ms = line_->fields[Column::ts].integer;
    }
    if (whole_ > 0 || !line_->format) return std::move(verdict_);
    for (std::size_t at = 0; at < line_->record_count; ++at) {
        const auto topic = static_cast<std::size_t>(line_->records[at].topic);
        if (rows_[topic] == 0) verdict_.absent = true;
    }
    return std::move(verdict_);
}

}  // namespace bassline::ingest
