// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingest/batch_writer.hpp"
#include "ingest/bronze_columns.hpp"
#include "ingest/quarantine_writer.hpp"
#include "ingest/quarantined_record.hpp"
#include "ingest/record_decoder.hpp"
#include "ingest/row_buffer.hpp"
#include "ingest/spill_file.hpp"
#include "parquet/file_writer.hpp"

// The one BatchWriter. From lines to rows in batch_writer.cpp, from rows to files in
// batch_writer_files.cpp.
//
// Where the rows of an hour are: in its buffer; in a row group of its file, if it seems to be over
// and the next one needs a buffer; when memory is short, in row groups too (large buffers, and
// whatever seems to be over) or in segments of the spill file (small ones, so that hundreds of open
// hours cost neither descriptors nor footers nor tiny row groups). finish() brings the segments
// back, one hour after the other.
namespace bassline::ingest {

inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr std::size_t kRowGroupRowsMax = 1u << 20;
inline constexpr std::size_t kRowGroupBytesMax = 256u << 20;
inline constexpr std::size_t kRowGroupBytesMin = 2u << 20;  // smaller buffers are spilled instead
// What an hour that is over is worth a row group for, though memory is not short.
inline constexpr std::size_t kRowGroupBytesWorth = 4u << 20;
// The same where the log is read on elsewhere: no row of the hour is expected any more.
inline constexpr std::size_t kRowGroupBytesWorthBehind = 1u << 20;
inline constexpr std::uint64_t kQuietRows = 1u << 14;  // an hour without a row for so many is over
inline constexpr std::size_t kQuietHourBytesMin = 128u << 10;  // and a row group then
inline constexpr std::size_t kOpenFileBytes = 256u << 10;  // about what a file holds until its end
inline constexpr std::size_t kOpenFilesShare =
    8;  // of the memory, for files of hours that are over

struct TopicHour {
    event::Topic topic;
    std::int64_t hour;      // since 1970
    lake::OutputKind kind;  // bronze or late
    RowBuffer buffer;
    std::vector<Segment> segments;
    std::unique_ptr<parquet::FileWriter> file;
    std::string path;
    std::uint64_t rows_written = 0;
    std::uint64_t last_row = 0;  // by the writer's count
    RowBuffer::Size given_away;  // what it held when another hour took its memory
    std::int64_t min_event_ms = INT64_MAX;
    std::int64_t max_event_ms = INT64_MIN;

    TopicHour(event::Topic of_topic, std::int64_t of_hour, lake::OutputKind of_kind, Origin origin)
        : topic(of_topic), hour(of_hour), kind(of_kind), buffer(of_topic, origin) {}
    Date date() const { return date_of_ms(hour * kHourMs); }
    int hour_of_day() const { return static_cast<int>(hour % 24); }
};

class ParquetBatchWriter final : public BatchWriter {
public:
    ParquetBatchWriter(storage::FileSystem& files, BatchContext context)
        : files_(files),
          context_(std::move(context)),
          origin_(context_.source == "kafka" ? Origin::kafka : Origin::file),
          memory_limit_(context_.memory_bytes / 2),  // the rest: encoding, files, the reader
          row_group_bytes_max_(std::clamp(memory_limit_ / 4, kRowGroupBytesMin, kRowGroupBytesMax)),
          decoders_{RecordDecoder(event_ms_max(context_), context_.schemas),
                    RecordDecoder(event_ms_max(context_), context_.schemas),
                    RecordDecoder(event_ms_max(context_), context_.schemas)},
          kept_interners_(context_.interners ? context_.interners : std::make_shared<Interners>()),
          interners_(*kept_interners_),
          columns_(context_, interners_),
          quarantine_(files_, context_),
          spill_(files_.absolute(context_.staging_directory)) {
        // Texts of long ago must not take the memory of rows.
        if (interners_.bytes() > memory_limit_ / 4) interners_.clear();
    }

    Result<void> consume(const LineBlock& block) override;
    Result<void> consume(const RecordBlock& block) override;
    Result<void> consume(const QuarantinedRecord& record) override;
    Result<void> keep(const QuarantinedRecord& record) override;
    void leave_to_reader(std::size_t bytes) override {
        memory_limit_ = (context_.memory_bytes - std::min(context_.memory_bytes / 2, bytes)) / 2;
    }
    void jump() override { rows_before_jump_ = rows_; }
    std::size_t memory_bytes() const override {
        return buffered_bytes_ + interners_.bytes() + quarantine_.bytes() + open_hours_bytes();
    }
    std::size_t open_hours() const override {
        std::size_t count = 0;
        for (const auto& of_topic : hours_) count += of_topic.size();
        return count;
    }
    bool holds_hours(std::int64_t begin, std::int64_t end) const override;
    std::int64_t reached_ms() const override { return reached_ms_; }
    Result<void> quarantine(const RefusedLine& line) override;
    Result<BatchResult> finish() override;

private:
    static std::int64_t event_ms_max(const BatchContext& context) {
        return context.ingested_at.time_since_epoch().count() / 1000 + context.ahead_max.count();
    }

    // A decoded line whose texts are being fetched while the next two are decoded.
    struct PendingLine {
        const event::Line* decoded = nullptr;
        std::string_view line;
        LinePosition position;
        Interners::Lookup lookup;
    };

    Result<void> take_record(const KafkaRecord& record, LinePosition position);
    const event::Line& decode_value(std::string_view value, LinePosition& position);
    bool is_late(std::int64_t ts, const LinePosition& position) const;
    Result<void> take_line(std::string_view line, LinePosition position);
    Result<void> await_texts(PendingLine& taken);
    Result<void> finish_pending();
    Result<void> finish_all_pending();
    Result<void> refuse(const RefusedRecord& record);
    Result<void> make_room(TopicHour& hour);
    Result<void> begin_rows(TopicHour& hour);
    void reserve_like(RowBuffer& buffer, const RowBuffer::Size& size);
    void append(TopicHour& hour, const event::Line& line, LinePosition position);
    TopicHour& hour_of(event::Topic topic, std::int64_t hour,
                       lake::OutputKind kind = lake::OutputKind::bronze);

    Result<void> relieve_memory();
    bool may_have_a_file(const TopicHour& hour) const {
        return hour.segments.empty() &&
               (hour.file || (open_files_ + 1) * kOpenFileBytes * kOpenFilesShare <= memory_limit_);
    }
    bool is_over(const TopicHour& hour) const {
        return hour.last_row + kQuietRows < rows_ &&
               hour.buffer.used_bytes() >= kQuietHourBytesMin && may_have_a_file(hour);
    }
    bool is_worth_a_row_group(const TopicHour& hour) const {
        return is_over(hour) && hour.buffer.used_bytes() >= kRowGroupBytesWorth;
    }
    bool is_left_behind(const TopicHour& hour) const {
        return hour.last_row <= rows_before_jump_ &&
               hour.buffer.used_bytes() >= kRowGroupBytesWorthBehind && may_have_a_file(hour);
    }
    Result<void> evict(TopicHour& hour);
    Result<void> evict_all();
    Result<void> put_row_group(TopicHour& hour);
    Result<void> write_row_group(TopicHour& hour);
    Result<void> open(TopicHour& hour);
    void clear_interners();

    static std::size_t index_of(event::Topic topic, lake::OutputKind kind) {
        return static_cast<std::size_t>(topic) +
               (kind == lake::OutputKind::late ? event::kTopicCount : 0);
    }

    // Of the hours themselves, beside what they buffer.
    std::size_t open_hours_bytes() const {
        return open_hours() * sizeof(TopicHour) + open_files_ * kOpenFileBytes;
    }
    std::vector<TopicHour*> hours_in_order();
    Result<lake::Output> finish(TopicHour& hour);
    Result<void> close_complete_files(std::vector<lake::Output>& outputs);

    lake::TopicCounters& counters_of(event::Topic topic) {
        return counters_[static_cast<std::size_t>(topic)];
    }

    storage::FileSystem& files_;
    const BatchContext context_;
    const Origin origin_;
    std::size_t memory_limit_;
    const std::size_t row_group_bytes_max_;

    // In turn: the two lines before are still needed while one is decoded.
    static constexpr std::size_t kLinesAtOnce = 3;
    std::array<RecordDecoder, kLinesAtOnce> decoders_;
    std::size_t turn_ = 0;
    std::array<PendingLine, kLinesAtOnce> lines_;
    const std::shared_ptr<Interners> kept_interners_;
    Interners& interners_;
    RowCodes codes_{};
    BronzeColumns columns_;
    QuarantineWriter quarantine_;
    SpillFile spill_;

    // By topic, those beside bronze behind the others.
    std::array<std::unordered_map<std::int64_t, std::unique_ptr<TopicHour>>, 2 * event::kTopicCount>
        hours_;
    std::array<TopicHour*, 2 * event::kTopicCount> latest_{};
    // As time goes on, the one begun last first; not what comes long after its hour.
    using LatestHours = std::array<TopicHour*, 4>;
    std::array<LatestHours, 2 * event::kTopicCount> forward_{};
    std::int64_t reached_ms_ = 0;
    std::uint64_t rows_ = 0;  // appended
    std::uint64_t rows_before_jump_ = 0;
    std::size_t open_files_ = 0;
    std::size_t buffered_bytes_ = 0;
    std::size_t bytes_since_check_ = 0;
    std::array<lake::TopicCounters, event::kTopicCount> counters_;
    std::vector<std::unique_ptr<storage::WritableFile>> complete_files_;  // not yet durable
};

}  // namespace bassline::ingest
