// SPDX-License-Identifier: Apache-2.0
#include "replay/quarantine_rows.hpp"

#include <fmt/format.h>

#include "duck/sql_text.hpp"
#include "ingest/batch_writer.hpp"

namespace bassline::replay {
namespace {

// Columns as they are selected; constants, so spelled as such.
// NOLINTBEGIN(readability-identifier-naming)
enum : std::size_t {
    kFile,
    kTopic,
    kReason,
    kDetail,
    kRaw,
    kRawBytes,
    kFormat,
    kProducer,
    kSource,
    kPartition,
    kOffset,
    kTimestamp,
    kIngestedAt,
    kChain,
    kSeq,
};
// NOLINTEND(readability-identifier-naming)

}  // namespace

Result<QuarantineRows> QuarantineRows::open(std::uint64_t memory_bytes,
                                            const std::string& scratch) {
    TRY_ASSIGN(storage::TemporaryFolder folder, storage::TemporaryFolder::make(scratch, "replay"));
    TRY_ASSIGN(duck::Database database,
               duck::Database::open({.threads = 1,
                                     .memory_bytes = memory_bytes,
                                     .temp_directory = folder.path() + "/spill"}));
    TRY_ASSIGN(duck::Connection connection, database.connect());
    return QuarantineRows(std::move(folder), std::move(database), std::move(connection));
}

Result<void> QuarantineRows::read(const std::vector<std::string>& paths) {
    rows_.reset();
    TRY_ASSIGN(duck::Rows rows, connection_.query(fmt::format(
                                    R"(
        select
            filename,
            topic,
            reason,
            detail,
            raw,
            raw_bytes,
            input_format,
            producer,
            source,
            source_partition,
            source_offset,
            source_timestamp,
            ingested_at,
            chain,
            seq
        from read_parquet({}, hive_partitioning = false, filename = true)
        order by chain, seq, ingested_at, source, producer, source_partition, source_offset, topic)",
                                    duck::path_list(paths))));
    rows_ = std::move(rows);
    return {};
}

Result<void> QuarantineRows::take_names() {
    const auto topic = ingest::topic_spelled(rows_->text(kTopic));
    const auto reason = ingest::reason_named(rows_->text(kReason));
    if (!topic || !reason) {
        return error(ErrorKind::bad_data,
                     "{} holds a record of topic {} and reason {}, which this program does not "
                     "know: replay with the one that wrote it",
                     rows_->text(kFile), rows_->text(kTopic), rows_->text(kReason));
    }
    row_.record.topic = *topic;
    row_.record.reason = *reason;
    row_.record.format =
        rows_->is_null(kFormat) ? std::nullopt : ingest::format_named(rows_->text(kFormat));
    return {};
}

Result<const QuarantineRow*> QuarantineRows::next() {
    if (!rows_ || !rows_->next()) return static_cast<const QuarantineRow*>(nullptr);
    const duck::Rows& rows = *rows_;
    TRY(take_names());
    row_.file = rows.text(kFile);
    row_.origin.chain = rows.text(kChain);
    row_.origin.seq = static_cast<std::uint64_t>(rows.int64(kSeq));
    row_.origin.source = rows.text(kSource);
    row_.origin.producer.reset();
    if (!rows.is_null(kProducer)) row_.origin.producer = rows.text(kProducer);
    row_.origin.ingested_at = rows.timestamp(kIngestedAt);
    detail_ = rows.text(kDetail);
    raw_ = rows.text(kRaw);
    const std::size_t size = raw_.size();
    raw_.append(ingest::kLinePadding, '\0');
    ingest::QuarantinedRecord& record = row_.record;
    record.detail = detail_;
    record.raw = std::string_view(raw_).substr(0, size);
    record.raw_bytes = static_cast<std::uint64_t>(rows.int64(kRawBytes));
    record.is_kafka = row_.origin.source == "kafka";
    record.position = {static_cast<std::uint32_t>(rows.int64(kPartition)),
                       static_cast<std::uint64_t>(rows.int64(kOffset))};
    if (!rows.is_null(kTimestamp)) {
        record.position.timestamp_us = rows.timestamp(kTimestamp).time_since_epoch().count();
    }
    return &row_;
}

}  // namespace bassline::replay
