// SPDX-License-Identifier: Apache-2.0
#include "ingest/batch_writer.hpp"

#include <algorithm>
#include <cstring>
#include <ranges>

#include <fmt/format.h>

#include "ingest/parquet_batch_writer.hpp"

namespace bassline::ingest {
namespace {

using event::Column;

constexpr std::size_t kBytesBetweenChecks = 256u << 10;  // of input
constexpr std::size_t kReservedShare = 8;                // of the memory that is left

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r\n") == line.npos;
}

bool begins_as_json(std::string_view value) {
    const auto at = value.find_first_not_of(" \t\r\n");
    return at != value.npos && value[at] == '{';
}

constexpr std::int64_t kUsPerMs = 1000;

LinePosition position_of(std::uint32_t partition, const KafkaRecord& record) {
    LinePosition position{partition, record.offset};
    if (record.timestamp_ms >= 0 && record.timestamp_ms <= kTimestampMsMax) {
        position.timestamp_us = record.timestamp_ms * kUsPerMs;
    }
    return position;
}

}  // namespace

Result<void> ParquetBatchWriter::consume(const LineBlock& block) {
    const char* const begin = block.bytes.data();
    const char* const end = begin + block.bytes.size();
    for (const char* at = begin; at < end;) {
        const auto* newline =
            static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
        if (newline == nullptr) newline = end;
        const char* const line_start = at;
        const auto offset = block.offset + static_cast<std::uint64_t>(at - begin);
        TRY(take_line({at, static_cast<std::size_t>(newline - at)},
                      {block.source_partition, offset}));
        at = newline + 1;
        bytes_since_check_ += static_cast<std::size_t>(at - line_start);
        if (bytes_since_check_ >= kBytesBetweenChecks) TRY(relieve_memory());
    }
    return finish_all_pending();  // the last lines' texts lie in the block
}

Result<void> ParquetBatchWriter::consume(const RecordBlock& block) {
    for (const KafkaRecord& record : block.records) {
        TRY(take_record(record, position_of(block.partition, record)));
        bytes_since_check_ += record.value ? record.value->size() : 0;
        if (bytes_since_check_ >= kBytesBetweenChecks) TRY(relieve_memory());
    }
    return finish_all_pending();  // the last records' texts lie in the block
}

Result<void> ParquetBatchWriter::take_record(const KafkaRecord& record, LinePosition position) {
    if (!record.value || is_blank(*record.value)) {
        const std::string_view value = record.value.value_or("");
        return refuse({context_.unreadable_topic, event::Reason::no_value,
                       record.value ? "the record's value is blank" : "a tombstone (null value)",
                       value, value.size(), std::nullopt, position});
    }
    if (record.value->size() > kLineBytesMax) {
        return refuse(
            {context_.unreadable_topic, event::Reason::oversize,
             fmt::format("{} bytes, at most {} are read", record.value->size(), kLineBytesMax),
             *record.value, record.value->size(), std::nullopt, position});
    }
    if (record.schema_in_header && !begins_as_json(*record.value)) {
        return refuse({context_.unreadable_topic, event::Reason::bad_framing,
                       "its schema is named by a header; only ids before the value are read",
                       *record.value, record.value->size(), std::nullopt, position});
    }
    PendingLine& taken = lines_[turn_];
    taken.decoded = &decode_value(*record.value, position);
    taken.line = *record.value;
    taken.position = position;
    return await_texts(taken);
}

// The one place where a record's value becomes a line. What carries a schema's id is decoded here,
// and the id put into the position.
const event::Line& ParquetBatchWriter::decode_value(std::string_view value,
                                                    LinePosition& position) {
    const RecordDecoder::Answer answer = decoders_[turn_].decode(value);
    position.schema_id = answer.schema_id.value_or(kNoSchemaId);
    return answer.line;
}

bool ParquetBatchWriter::is_late(std::int64_t ts, const LinePosition& position) const {
    return context_.late_after && position.timestamp_us != kNoTimestamp &&
           position.timestamp_us / kUsPerMs - ts > context_.late_after->count();
}

Result<void> ParquetBatchWriter::take_line(std::string_view line, LinePosition position) {
    if (is_blank(line)) return {};
    if (line.size() > kLineBytesMax) {
        return quarantine({position.source_partition, position.offset, event::Reason::oversize,
                           fmt::format("{} bytes, at most {} are read", line.size(), kLineBytesMax),
                           line, line.size()});
    }
    PendingLine& taken = lines_[turn_];
    taken.decoded = &decoders_[turn_].decode_line(line);
    taken.line = line;
    taken.position = position;
    return await_texts(taken);
}

// The line taken last, the one before it and the one before that each go a step further.
Result<void> ParquetBatchWriter::await_texts(PendingLine& taken) {
    interners_.begin(*taken.decoded, taken.lookup);
    PendingLine& before = lines_[(turn_ + kLinesAtOnce - 1) % kLinesAtOnce];
    if (before.decoded != nullptr) interners_.find_candidates(*before.decoded, before.lookup);
    turn_ = (turn_ + 1) % kLinesAtOnce;
    return finish_pending();
}

Result<void> ParquetBatchWriter::finish_all_pending() {
    for (std::size_t line = 1; line < kLinesAtOnce; ++line) {
        turn_ = (turn_ + 1) % kLinesAtOnce;
        TRY(finish_pending());
    }
    return {};
}

// Finishes the line whose turn it is, the oldest, if it is waiting.
Result<void> ParquetBatchWriter::finish_pending() {
    PendingLine& pending = lines_[turn_];
    if (pending.decoded == nullptr) return {};
    const event::Line& decoded = *std::exchange(pending.decoded, nullptr);
    std::array<TopicHour*, 2> hours{};
    std::size_t count = 0;
    std::uint32_t coded = 0;  // columns that one of the hours keeps as codes
    for (std::size_t i = 0; i < decoded.record_count; ++i) {
        const event::Record& record = decoded.records[i];
        if (record.refusal) {
            const event::Topic topic = decoded.format ? record.topic : context_.unreadable_topic;
            TRY(refuse({topic, record.refusal->reason, record.refusal->detail, pending.line,
                        pending.line.size(), decoded.format, pending.position}));
            continue;
        }
        const std::int64_t ts = decoded.fields[Column::ts].integer;
        const bool late = is_late(ts, pending.position);
        if (late && !context_.late_beside) {
            TRY(refuse({record.topic, event::Reason::late,
                        fmt::format("ts {} is {} s before the record's time", ts,
                                    (pending.position.timestamp_us / kUsPerMs - ts) / 1000),
                        pending.line, pending.line.size(), decoded.format, pending.position}));
            continue;
        }
        TopicHour& hour = hour_of(record.topic, ts / kHourMs,
                                  late ? lake::OutputKind::late : lake::OutputKind::bronze);
        TRY(make_room(hour));
        coded |= ~hour.buffer.packed();
        hours[count++] = &hour;
    }
    if (count > 0) interners_.finish(decoded, coded, pending.lookup, codes_);
    for (std::size_t i = 0; i < count; ++i) append(*hours[i], decoded, pending.position);
    return {};
}

Result<void> ParquetBatchWriter::keep(const QuarantinedRecord& record) {
    return refuse({record.topic, record.reason, record.detail, record.raw, record.raw_bytes,
                   record.format, record.position});
}

// Rare records, one after the other: nothing is fetched ahead.
Result<void> ParquetBatchWriter::consume(const QuarantinedRecord& record) {
    if (record.is_cut()) return keep(record);
    const RetriedRecord retried = retry(decoders_[turn_], record);
    if (!retried.is_good()) return keep(record);
    const event::Line& line = *retried.line;
    LinePosition position = record.position;
    position.schema_id = retried.schema_id.value_or(kNoSchemaId);
    Interners::Lookup lookup;
    interners_.begin(line, lookup);
    constexpr std::uint32_t kAllColumns = ~std::uint32_t{0};
    interners_.finish(line, kAllColumns, lookup, codes_);
    for (std::size_t at = 0; at < line.record_count; ++at) {
        if (!retried.is_ours[at]) continue;
        const event::Record& decoded = line.records[at];
        if (decoded.refusal) {
            TRY(refuse({decoded.topic, decoded.refusal->reason, decoded.refusal->detail, record.raw,
                        record.raw_bytes, line.format, position}));
            continue;
        }
        TopicHour& hour = hour_of(decoded.topic, line.fields[Column::ts].integer / kHourMs);
        TRY(make_room(hour));
        append(hour, line, position);
    }
    bytes_since_check_ += record.raw.size();
    return bytes_since_check_ >= kBytesBetweenChecks ? relieve_memory() : Result<void>{};
}

Result<void> ParquetBatchWriter::quarantine(const RefusedLine& line) {
    return refuse({event::Topic::page_view_events,
                   line.reason,
                   line.detail,
                   line.raw_prefix,
                   line.raw_bytes,
                   std::nullopt,
                   {line.source_partition, line.offset}});
}

Result<void> ParquetBatchWriter::refuse(const RefusedRecord& record) {
    auto& counters = counters_of(record.topic);
    ++counters.consumed;
    ++counters.quarantined;
    ++counters.by_reason[std::string(to_string(record.reason))];
    return quarantine_.add(record);
}

TopicHour& ParquetBatchWriter::hour_of(event::Topic topic, std::int64_t hour,
                                       lake::OutputKind kind) {
    const std::size_t index = index_of(topic, kind);
    TopicHour*& latest = latest_[index];
    if (latest != nullptr && latest->hour == hour) return *latest;
    auto& of_topic = hours_[index];
    auto& found = of_topic[hour];
    if (!found) {
        found = std::make_unique<TopicHour>(topic, hour, kind, origin_);
        LatestHours& forward = forward_[index];
        const bool follows =
            forward[0] == nullptr || hour > forward[0]->hour ||
            (!of_topic.contains(hour + 1) && std::ranges::any_of(forward, [&](const auto* other) {
                return other != nullptr && other->hour == hour - 1;
            }));
        if (follows) {
            std::shift_right(forward.begin(), forward.end(), 1);
            forward[0] = found.get();
        }
    }
    latest = found.get();
    return *latest;
}

// Not if many hours are open, nor where what is there already nearly does: it is warm.
void ParquetBatchWriter::reserve_like(RowBuffer& buffer, const RowBuffer::Size& size) {
    const std::size_t held = buffer.bytes();
    const std::size_t wanted = buffer.bytes_of(size);
    if (held >= wanted / 4 * 3) return;
    const std::size_t left = memory_limit_ - std::min(memory_limit_, memory_bytes());
    if ((wanted - held) * kReservedShare > left) return;
    buffer.reserve_like(size);
    buffered_bytes_ += buffer.bytes() - held;
}

bool ParquetBatchWriter::holds_hours(std::int64_t begin, std::int64_t end) const {
    return std::ranges::any_of(hours_, [&](const auto& of_topic) {
        return std::ranges::any_of(
            of_topic, [&](const auto& hour) { return hour.first >= begin && hour.first < end; });
    });
}

// Sees to it that the hour's buffer can take a row.
Result<void> ParquetBatchWriter::make_room(TopicHour& hour) {
    RowBuffer& buffer = hour.buffer;
    if (!buffer.full()) return {};
    if (buffer.bytes() >= row_group_bytes_max_ || buffer.rows() >= kRowGroupRowsMax) {
        TRY(write_row_group(hour));
    }
    if (buffer.rows() == 0) TRY(begin_rows(hour));
    buffered_bytes_ -= buffer.bytes();
    buffer.reserve(1);
    buffered_bytes_ += buffer.bytes();
    return {};
}

// An hour mostly becomes as large as those before it, and takes the memory of the oldest that is
// over: fresh memory costs as much as what is put there. Not a straggler.
Result<void> ParquetBatchWriter::begin_rows(TopicHour& hour) {
    const LatestHours& forward = forward_[index_of(hour.topic, hour.kind)];
    const bool is_straggler = std::ranges::find(forward, &hour) == forward.end();
    for (TopicHour* const other : forward | std::views::reverse) {
        if (is_straggler || other == nullptr) continue;
        // An hour that comes back after a jump is no sign that the others will not.
        const bool is_new = hour.last_row == 0;
        if (!is_worth_a_row_group(*other) && !(is_new && is_left_behind(*other))) continue;
        TRY(put_row_group(*other));
        other->given_away.include(other->buffer.size());
        other->buffer.forget_rows();
        std::swap(hour.buffer, other->buffer);
        break;
    }
    hour.buffer.set_packed(interners_.packed());
    if (&hour != forward[0]) return {};
    RowBuffer::Size largest;
    for (const TopicHour* const other : forward) {
        if (other == nullptr) continue;
        largest.include(other->buffer.size());
        largest.include(other->given_away);
    }
    largest.rows = std::min(largest.rows, kRowGroupRowsMax);
    reserve_like(hour.buffer, largest);
    return {};
}

void ParquetBatchWriter::append(TopicHour& hour, const event::Line& line, LinePosition position) {
    const std::int64_t ts = line.fields[Column::ts].integer;
    buffered_bytes_ -= hour.buffer.bytes();
    hour.buffer.append(line.fields, codes_, position);
    buffered_bytes_ += hour.buffer.bytes();
    hour.last_row = ++rows_;
    hour.min_event_ms = std::min(hour.min_event_ms, ts);
    hour.max_event_ms = std::max(hour.max_event_ms, ts);
    // A clock that is ahead of its record's does not tell how far the events are.
    const bool has_time = position.timestamp_us != kNoTimestamp;
    reached_ms_ =
        std::max(reached_ms_, has_time ? std::min(ts, position.timestamp_us / kUsPerMs) : ts);
    ++counters_of(hour.topic).consumed;
    ++counters_of(hour.topic).written;
    if (hour.kind == lake::OutputKind::late) ++counters_of(hour.topic).late;
}

Result<std::unique_ptr<BatchWriter>> BatchWriter::make(storage::FileSystem& files,
                                                       BatchContext context) {
    return std::unique_ptr<BatchWriter>(
        std::make_unique<ParquetBatchWriter>(files, std::move(context)));
}

}  // namespace bassline::ingest
