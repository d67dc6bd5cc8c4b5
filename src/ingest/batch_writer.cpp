// SPDX-License-Identifier: Apache-2.0
#include "ingest/batch_writer.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "event/decoder.hpp"
#include "ingest/bronze_columns.hpp"
#include "ingest/quarantine_writer.hpp"
#include "ingest/row_buffer.hpp"
#include "ingest/spill_file.hpp"
#include "parquet/file_writer.hpp"

// Where the rows of an hour are: in its buffer; when memory is short, in row groups of its file
// (large buffers) or in segments of the spill file (small ones, so that hundreds of open hours cost
// neither descriptors nor footers nor tiny row groups). finish() brings the segments back, one hour
// after the other.
namespace bassline::ingest {
namespace {

using event::Column;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::size_t kRowGroupRowsMax = 1u << 20;
constexpr std::size_t kRowGroupBytesMax = 256u << 20;
constexpr std::size_t kRowGroupBytesMin = 2u << 20;      // smaller buffers are spilled instead
constexpr std::size_t kBytesBetweenChecks = 256u << 10;  // of input
constexpr std::size_t kCompleteFilesMax = 512;           // open until they are closed together

struct TopicHour {
    event::Topic topic;
    std::int64_t hour;  // since 1970
    RowBuffer buffer;
    std::vector<Segment> segments;
    std::unique_ptr<parquet::FileWriter> file;
    std::string path;
    std::uint64_t rows_written = 0;
    std::int64_t min_event_ms = INT64_MAX;
    std::int64_t max_event_ms = INT64_MIN;

    TopicHour(event::Topic of_topic, std::int64_t of_hour)
        : topic(of_topic), hour(of_hour), buffer(of_topic) {}
    Date date() const { return date_of_ms(hour * kHourMs); }
    int hour_of_day() const { return static_cast<int>(hour % 24); }
};

std::int64_t event_ms_max(const BatchContext& context) {
    return context.ingested_at.time_since_epoch().count() / 1000 + context.ahead_max.count();
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == line.npos;
}

class ParquetBatchWriter final : public BatchWriter {
public:
    ParquetBatchWriter(storage::FileSystem& files, BatchContext context)
        : files_(files),
          context_(std::move(context)),
          memory_limit_(context_.memory_bytes / 2),  // the rest: encoding, files, the reader
          row_group_bytes_max_(std::clamp(memory_limit_ / 4, kRowGroupBytesMin, kRowGroupBytesMax)),
          decoders_{event::Decoder(event_ms_max(context_)), event::Decoder(event_ms_max(context_))},
          columns_(context_, interners_),
          quarantine_(files_, context_),
          spill_(files_.absolute(context_.staging_directory)) {}

    Result<void> consume(const LineBlock& block) override;
    Result<void> quarantine(const RefusedLine& line) override;
    Result<BatchResult> finish() override;

private:
    // A decoded line whose texts are being fetched while the next one is decoded.
    struct PendingLine {
        const event::Line* decoded = nullptr;
        std::string_view line;
        LinePosition position;
        Interners::Lookup lookup;
    };

    Result<void> take_line(std::string_view line, LinePosition position);
    Result<void> finish_pending();
    Result<void> refuse(const RefusedRecord& record);
    Result<void> make_room(TopicHour& hour);
    void append(TopicHour& hour, const event::Line& line, LinePosition position);
    TopicHour& hour_of(event::Topic topic, std::int64_t hour);

    Result<void> relieve_memory();
    Result<void> evict(TopicHour& hour);
    Result<void> evict_all();
    Result<void> write_row_group(TopicHour& hour);
    Result<void> open(TopicHour& hour);
    void clear_interners();

    // Of the hours themselves, beside what they buffer.
    std::size_t open_hours_bytes() const {
        std::size_t count = 0;
        for (const auto& of_topic : hours_) count += of_topic.size();
        return count * sizeof(TopicHour);
    }
    std::vector<TopicHour*> hours_in_order();
    Result<lake::Output> finish(TopicHour& hour);
    Result<void> close_complete_files(std::vector<lake::Output>& outputs);

    lake::TopicCounters& counters_of(event::Topic topic) {
        return counters_[static_cast<std::size_t>(topic)];
    }

    storage::FileSystem& files_;
    const BatchContext context_;
    const std::size_t memory_limit_;
    const std::size_t row_group_bytes_max_;

    // Two, in turn: the line before is still needed while one is decoded.
    std::array<event::Decoder, 2> decoders_;
    std::size_t turn_ = 0;
    std::array<PendingLine, 2> lines_;
    Interners interners_;
    RowCodes codes_{};
    BronzeColumns columns_;
    QuarantineWriter quarantine_;
    SpillFile spill_;

    std::array<std::unordered_map<std::int64_t, std::unique_ptr<TopicHour>>, event::kTopicCount>
        hours_;
    std::array<TopicHour*, event::kTopicCount> latest_{};
    std::size_t buffered_bytes_ = 0;
    std::size_t bytes_since_check_ = 0;
    std::array<lake::TopicCounters, event::kTopicCount> counters_;
    std::vector<std::unique_ptr<storage::WritableFile>> complete_files_;  // not yet durable
};

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
    turn_ ^= 1;
    return finish_pending();  // the last line's texts lie in the block
}

Result<void> ParquetBatchWriter::take_line(std::string_view line, LinePosition position) {
    if (is_blank(line)) return {};
    if (line.size() > kLineBytesMax) {
        return quarantine({position.source_partition, position.offset, event::Reason::oversize,
                           fmt::format("{} bytes, at most {} are read", line.size(), kLineBytesMax),
                           line, line.size()});
    }
    PendingLine& taken = lines_[turn_];
    taken.decoded = &decoders_[turn_].decode(line);
    taken.line = line;
    taken.position = position;
    interners_.begin(*taken.decoded, taken.lookup);
    turn_ ^= 1;
    return finish_pending();
}

// Finishes the line before the one taken last, if it is waiting.
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
            TRY(refuse({record.topic, record.refusal->reason, record.refusal->detail, pending.line,
                        pending.line.size(), decoded.format, pending.position}));
            continue;
        }
        const std::int64_t ts = decoded.fields[Column::ts].integer;
        TopicHour& hour = hour_of(record.topic, ts / kHourMs);
        TRY(make_room(hour));
        coded |= ~hour.buffer.packed();
        hours[count++] = &hour;
    }
    if (count > 0) interners_.finish(decoded, coded, pending.lookup, codes_);
    for (std::size_t i = 0; i < count; ++i) append(*hours[i], decoded, pending.position);
    return {};
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

TopicHour& ParquetBatchWriter::hour_of(event::Topic topic, std::int64_t hour) {
    const auto index = static_cast<std::size_t>(topic);
    TopicHour*& latest = latest_[index];
    if (latest != nullptr && latest->hour == hour) return *latest;
    auto& found = hours_[index][hour];
    if (!found) found = std::make_unique<TopicHour>(topic, hour);
    latest = found.get();
    return *latest;
}

// Sees to it that the hour's buffer can take a row.
Result<void> ParquetBatchWriter::make_room(TopicHour& hour) {
    RowBuffer& buffer = hour.buffer;
    if (!buffer.full()) return {};
    if (buffer.bytes() >= row_group_bytes_max_ || buffer.rows() >= kRowGroupRowsMax) {
        TRY(write_row_group(hour));
    }
    if (buffer.rows() == 0) buffer.set_packed(interners_.packed());
    buffered_bytes_ -= buffer.bytes();
    buffer.reserve(1);
    buffered_bytes_ += buffer.bytes();
    return {};
}

void ParquetBatchWriter::append(TopicHour& hour, const event::Line& line, LinePosition position) {
    const std::int64_t ts = line.fields[Column::ts].integer;
    buffered_bytes_ -= hour.buffer.bytes();
    hour.buffer.append(line.fields, codes_, position);
    buffered_bytes_ += hour.buffer.bytes();
    hour.min_event_ms = std::min(hour.min_event_ms, ts);
    hour.max_event_ms = std::max(hour.max_event_ms, ts);
    ++counters_of(hour.topic).consumed;
    ++counters_of(hour.topic).written;
}

Result<void> ParquetBatchWriter::relieve_memory() {
    bytes_since_check_ = 0;
    interners_.find_packed();
    const std::size_t interned = interners_.bytes();
    if (buffered_bytes_ + interned + quarantine_.bytes() + open_hours_bytes() <= memory_limit_) {
        return {};
    }
    if (interned > memory_limit_ / 2) return evict_all();

    auto hours = hours_in_order();
    std::sort(hours.begin(), hours.end(), [](const TopicHour* left, const TopicHour* right) {
        return left->buffer.bytes() > right->buffer.bytes();
    });
    for (TopicHour* const hour : hours) {
        if (buffered_bytes_ + interned <= memory_limit_ / 2) break;
        TRY(evict(*hour));
    }
    return {};
}

Result<void> ParquetBatchWriter::evict(TopicHour& hour) {
    if (hour.buffer.rows() == 0) return {};
    if (hour.buffer.bytes() >= kRowGroupBytesMin) return write_row_group(hour);
    TRY_ASSIGN(const Segment segment, spill_.write(hour.buffer, interners_));
    hour.segments.push_back(segment);
    buffered_bytes_ -= hour.buffer.bytes();
    hour.buffer.clear();
    return {};
}

Result<void> ParquetBatchWriter::evict_all() {
    for (TopicHour* const hour : hours_in_order()) TRY(evict(*hour));
    clear_interners();
    return {};
}

void ParquetBatchWriter::clear_interners() {
    interners_.clear();
    columns_.forget_repairs();
}

Result<void> ParquetBatchWriter::open(TopicHour& hour) {
    hour.path = fmt::format("{}/{}-{}-{}-{:02}-w{}.staged", context_.staging_directory,
                            context_.seq, to_string(hour.topic), format_date(hour.date()),
                            hour.hour_of_day(), context_.worker);
    TRY_ASSIGN(auto file, files_.create(hour.path));
    TRY_ASSIGN(hour.file, parquet::FileWriter::make(std::move(file), columns_.specs_of(hour.buffer),
                                                    file_metadata(context_)));
    return {};
}

Result<void> ParquetBatchWriter::write_row_group(TopicHour& hour) {
    if (!hour.file) TRY(open(hour));
    TRY(hour.file->write_row_group(hour.buffer.rows(), columns_.chunks_of(hour.buffer)));
    hour.rows_written += hour.buffer.rows();
    buffered_bytes_ -= hour.buffer.bytes();
    hour.buffer.clear();
    return {};
}

std::vector<TopicHour*> ParquetBatchWriter::hours_in_order() {
    std::vector<TopicHour*> hours;
    for (const auto& of_topic : hours_) {
        for (const auto& [hour, found] : of_topic) hours.push_back(found.get());
    }
    std::sort(hours.begin(), hours.end(), [](const TopicHour* left, const TopicHour* right) {
        return std::tie(left->topic, left->hour) < std::tie(right->topic, right->hour);
    });
    return hours;
}

Result<lake::Output> ParquetBatchWriter::finish(TopicHour& hour) {
    if (hour.buffer.rows() == 0) hour.buffer.set_packed(interners_.packed());
    for (const Segment& segment : hour.segments) {
        buffered_bytes_ -= hour.buffer.bytes();
        auto read = spill_.read(segment, hour.buffer, interners_);
        buffered_bytes_ += hour.buffer.bytes();
        TRY(std::move(read));
        if (buffered_bytes_ + interners_.bytes() <= memory_limit_) continue;
        TRY(write_row_group(hour));
        clear_interners();  // no other hour has rows in memory
    }
    if (hour.buffer.rows() > 0) TRY(write_row_group(hour));
    TRY_ASSIGN(auto file, hour.file->finish());
    hour.file.reset();
    file->start_writing_back();
    complete_files_.push_back(std::move(file));
    lake::Output output;
    output.staged = hour.path;
    output.topic = to_string(hour.topic);
    output.date = format_date(hour.date());
    output.hour = hour.hour_of_day();
    output.rows = hour.rows_written;
    output.min_event_ms = hour.min_event_ms;
    output.max_event_ms = hour.max_event_ms;
    return output;
}

// Those of the last outputs, in their order.
Result<void> ParquetBatchWriter::close_complete_files(std::vector<lake::Output>& outputs) {
    auto output = outputs.end() - static_cast<std::ptrdiff_t>(complete_files_.size());
    for (const auto& file : complete_files_) {
        TRY_ASSIGN(const storage::FileDigest digest, file->close_durably());
        output->bytes = digest.bytes;
        output->xxh64 = digest.xxh64;
        ++output;
    }
    complete_files_.clear();
    return {};
}

Result<BatchResult> ParquetBatchWriter::finish() {
    auto hours = hours_in_order();
    const bool spilled = std::any_of(hours.begin(), hours.end(),
                                     [](const TopicHour* hour) { return !hour->segments.empty(); });
    if (spilled) TRY(evict_all());  // so that the interners may be emptied between hours

    BatchResult result;
    std::set<std::string> dates;
    for (TopicHour* const hour : hours) {
        TRY_ASSIGN(auto output, finish(*hour));
        dates.insert(output.date);
        result.outputs.push_back(std::move(output));
        if (complete_files_.size() == kCompleteFilesMax) TRY(close_complete_files(result.outputs));
    }
    TRY(close_complete_files(result.outputs));
    TRY(quarantine_.finish(result.outputs));
    std::stable_sort(result.outputs.begin(), result.outputs.end(),
                     [](const lake::Output& left, const lake::Output& right) {
                         return left.topic < right.topic;
                     });
    for (const event::Topic topic : event::kTopics) {
        if (counters_of(topic).consumed == 0) continue;
        result.counters[std::string(to_string(topic))] = counters_of(topic);
    }
    result.dates_touched.assign(dates.begin(), dates.end());
    return result;
}

}  // namespace

Result<std::unique_ptr<BatchWriter>> BatchWriter::make(storage::FileSystem& files,
                                                       BatchContext context) {
    return std::unique_ptr<BatchWriter>(
        std::make_unique<ParquetBatchWriter>(files, std::move(context)));
}

}  // namespace bassline::ingest
