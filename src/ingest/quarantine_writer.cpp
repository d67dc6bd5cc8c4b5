// SPDX-License-Identifier: Apache-2.0
#include "ingest/quarantine_writer.hpp"

#include <array>

#include <fmt/format.h>

namespace bassline::ingest {
namespace {

constexpr std::size_t kRowGroupBytes = 4u << 20;
constexpr std::size_t kRowOverheadBytes = 256;

// Flat columns of a row group of refused records.
struct Columns {
    std::vector<std::string_view> reasons, details, raws, formats;
    std::vector<std::int64_t> raw_bytes, offsets;
    std::vector<std::int32_t> partitions;
    std::vector<std::uint32_t> format_codes;
    std::vector<std::int64_t> timestamps;
    std::vector<std::uint32_t> timestamps_present;
};

}  // namespace

std::map<std::string, std::string> file_metadata(const BatchContext& context) {
    return {{"bassline.chain", context.chain}, {"bassline.seq", std::to_string(context.seq)}};
}

QuarantineWriter::QuarantineWriter(storage::FileSystem& files, const BatchContext& context)
    : files_(files), context_(context) {}

Result<void> QuarantineWriter::add(const RefusedRecord& record) {
    TopicRows& rows = topics_[static_cast<std::size_t>(record.topic)];
    rows.rows.push_back({to_string(record.reason), std::string(record.detail),
                         std::string(record.raw.substr(0, kLineBytesMax)), record.raw_bytes,
                         record.format, record.position});
    rows.bytes += kRowOverheadBytes + rows.rows.back().raw.size() + record.detail.size();
    if (rows.bytes >= kRowGroupBytes) return write(record.topic, rows);
    return {};
}

std::size_t QuarantineWriter::bytes() const {
    std::size_t bytes = 0;
    for (const auto& rows : topics_) bytes += rows.bytes;
    return bytes;
}

Result<void> QuarantineWriter::open(event::Topic topic, TopicRows& rows) {
    rows.path = fmt::format("{}/{}-quarantine-{}-w{}.staged", context_.staging_directory,
                            context_.seq, to_string(topic), context_.worker);
    TRY_ASSIGN(auto file, files_.create(rows.path));
    TRY_ASSIGN(rows.file, parquet::FileWriter::make(std::move(file), parquet::quarantine_specs(),
                                                    file_metadata(context_)));
    return {};
}

Result<void> QuarantineWriter::write(event::Topic topic, TopicRows& rows) {
    if (!rows.file) TRY(open(topic, rows));
    Columns columns;
    for (const Row& row : rows.rows) {
        columns.reasons.push_back(row.reason);
        columns.details.push_back(row.detail);
        columns.raws.push_back(row.raw);
        columns.raw_bytes.push_back(static_cast<std::int64_t>(row.raw_bytes));
        columns.format_codes.push_back(row.format ? static_cast<std::uint32_t>(*row.format)
                                                  : parquet::kNullCode);
        columns.partitions.push_back(static_cast<std::int32_t>(row.position.source_partition));
        columns.offsets.push_back(static_cast<std::int64_t>(row.position.offset));
        columns.timestamps.push_back(row.position.timestamp_us);
        columns.timestamps_present.push_back(row.position.timestamp_us != kNoTimestamp);
    }
    const std::array formats{to_string(event::InputFormat::topics),
                             to_string(event::InputFormat::single)};
    const auto producer =
        context_.producer
            ? parquet::ColumnChunk(parquet::Constant{std::string_view(*context_.producer)})
            : parquet::ColumnChunk(parquet::Nulls{});
    const parquet::ColumnChunk chunks[] = {
        parquet::Constant{to_string(topic)},
        parquet::Strings{columns.reasons},
        parquet::Strings{columns.details},
        parquet::Strings{columns.raws},
        parquet::Flat{columns.raw_bytes.data()},
        parquet::Texts{columns.format_codes.data(), formats},
        producer,
        parquet::Constant{std::string_view(context_.source)},
        parquet::Flat{columns.partitions.data()},
        parquet::Flat{columns.offsets.data()},
        parquet::Flat{columns.timestamps.data(), columns.timestamps_present.data(), 1},
        parquet::Constant{context_.ingested_at.time_since_epoch().count()},
        parquet::Constant{std::string_view(context_.chain)},
        parquet::Constant{static_cast<std::int64_t>(context_.seq)},
    };
    TRY(rows.file->write_row_group(rows.rows.size(), chunks));
    rows.written += rows.rows.size();
    rows.rows.clear();
    rows.bytes = 0;
    return {};
}

Result<void> QuarantineWriter::finish(std::vector<lake::Output>& outputs) {
    const auto date = std::chrono::floor<std::chrono::days>(context_.ingested_at);
    for (const event::Topic topic : event::kTopics) {
        TopicRows& rows = topics_[static_cast<std::size_t>(topic)];
        if (!rows.rows.empty()) TRY(write(topic, rows));
        if (!rows.file) continue;
        TRY_ASSIGN(const auto file, rows.file->finish());
        TRY_ASSIGN(const auto digest, file->close_durably());
        lake::Output output;
        output.kind = lake::OutputKind::quarantine;
        output.staged = rows.path;
        output.topic = to_string(topic);
        output.date = format_date(date);
        output.rows = rows.written;
        output.bytes = digest.bytes;
        output.xxh64 = digest.xxh64;
        outputs.push_back(std::move(output));
    }
    return {};
}

}  // namespace bassline::ingest
