// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "ingest/parquet_batch_writer.hpp"

namespace bassline::ingest {
namespace {

constexpr std::size_t kCompleteFilesMax = 512;  // open until they are closed together

}  // namespace

Result<void> ParquetBatchWriter::relieve_memory() {
    bytes_since_check_ = 0;
    interners_.find_packed();
    for (TopicHour* const hour : latest_) {  // a buffer that was not made for it may never be full
        if (hour != nullptr && hour->buffer.used_bytes() >= row_group_bytes_max_) {
            TRY(write_row_group(*hour));
        }
    }
    const std::size_t interned = interners_.bytes();
    if (buffered_bytes_ + interned + quarantine_.bytes() + open_hours_bytes() <= memory_limit_) {
        return {};
    }
    if (interned > memory_limit_ / 2) return evict_all();

    auto hours = hours_in_order();
    std::sort(hours.begin(), hours.end(), [this](const TopicHour* left, const TopicHour* right) {
        return std::pair(is_over(*left), left->buffer.bytes()) >
               std::pair(is_over(*right), right->buffer.bytes());
    });
    for (TopicHour* const hour : hours) {
        if (buffered_bytes_ + interned <= memory_limit_ / 2) break;
        TRY(evict(*hour));
    }
    return {};
}

Result<void> ParquetBatchWriter::evict(TopicHour& hour) {
    if (hour.buffer.rows() == 0) return {};
    // A buffer is half empty at worst, but for one that was made as large as those before it.
    if (hour.buffer.used_bytes() >= kRowGroupBytesMin / 2 || is_over(hour)) {
        return write_row_group(hour);
    }
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
    for (PendingLine& line : lines_) line.lookup.found = 0;  // what was found is gone
}

Result<void> ParquetBatchWriter::open(TopicHour& hour) {
    hour.path =
        fmt::format("{}/{}-{}{}-{}-{:02}-w{}.staged", context_.staging_directory, context_.seq,
                    hour.kind == lake::OutputKind::late ? "late-" : "", to_string(hour.topic),
                    format_date(hour.date()), hour.hour_of_day(), context_.worker);
    TRY_ASSIGN(auto file, files_.create(hour.path));
    TRY_ASSIGN(hour.file, parquet::FileWriter::make(std::move(file), columns_.specs_of(hour.buffer),
                                                    file_metadata(context_)));
    ++open_files_;
    return {};
}

Result<void> ParquetBatchWriter::put_row_group(TopicHour& hour) {
    if (!hour.file) TRY(open(hour));
    TRY(hour.file->write_row_group(hour.buffer.rows(), columns_.chunks_of(hour.buffer)));
    hour.rows_written += hour.buffer.rows();
    return {};
}

Result<void> ParquetBatchWriter::write_row_group(TopicHour& hour) {
    TRY(put_row_group(hour));
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
        return std::tie(left->kind, left->topic, left->hour) <
               std::tie(right->kind, right->topic, right->hour);
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
    --open_files_;
    file->start_writing_back();
    complete_files_.push_back(std::move(file));
    lake::Output output;
    output.kind = hour.kind;
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
    const auto spilled = std::stable_partition(
        hours.begin(), hours.end(), [](const TopicHour* hour) { return hour->segments.empty(); });

    BatchResult result;
    std::set<std::string> dates;
    for (TopicHour* const hour : hours) {
        if (spilled != hours.end() && hour == *spilled) {
            TRY(evict_all());  // so that the interners may be emptied between hours
        }
        TRY_ASSIGN(auto output, finish(*hour));
        if (output.kind == lake::OutputKind::bronze) dates.insert(output.date);
        result.outputs.push_back(std::move(output));
        if (complete_files_.size() == kCompleteFilesMax) TRY(close_complete_files(result.outputs));
    }
    TRY(close_complete_files(result.outputs));
    if (spilled != hours.end()) clear_interners();  // its segments' texts came back without lines
    TRY(quarantine_.finish(result.outputs));
    std::stable_sort(result.outputs.begin(), result.outputs.end(),
                     [](const lake::Output& left, const lake::Output& right) {
                         return std::tie(left.topic, left.kind, left.date, left.hour) <
                                std::tie(right.topic, right.kind, right.date, right.hour);
                     });
    for (const event::Topic topic : event::kTopics) {
        if (counters_of(topic).consumed == 0) continue;
        result.counters[std::string(to_string(topic))] = counters_of(topic);
    }
    result.dates_touched.assign(dates.begin(), dates.end());
    result.reached_ms = reached_ms_;
    return result;
}

}  // namespace bassline::ingest
