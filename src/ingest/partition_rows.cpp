// SPDX-License-Identifier: Apache-2.0
#include "ingest/partition_rows.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "duck/sql_text.hpp"

namespace bassline::ingest {
namespace {

using event::Column;

constexpr std::size_t kOffsetIndex = 0;

// What the record does not say: it is the ingest's own.
bool is_of_ingest(Column column) {
    return column == Column::producer || column == Column::ingested_at || column == Column::chain ||
           column == Column::seq || column == Column::source_offset;
}

std::string columns_text(event::Topic topic, bool quarantined) {
    if (quarantined) return "source_offset, raw, raw_bytes, input_format, source_timestamp";
    std::string text = "source_offset";
    for (const Column column : compared_columns(topic)) {
        text += ", " + duck::quote_name(event::definition(column).name);
    }
    return text;
}

}  // namespace

std::vector<Column> compared_columns(event::Topic topic) {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < event::kColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        const bool is_there = event::definition(column).in(topic) != event::Presence::absent;
        if (is_there && !is_of_ingest(column)) columns.push_back(column);
    }
    return columns;
}

Result<PartitionRows> PartitionRows::open(duck::Connection& connection, std::string chain,
                                          std::int32_t partition, std::span<const RowFile> files) {
    PartitionRows rows(connection, std::move(chain), partition);
    std::map<std::pair<event::Topic, bool>, std::vector<RowFile>> kinds;
    for (const RowFile& file : files) kinds[{file.topic, file.quarantined}].push_back(file);
    for (const auto& [kind, of_kind] : kinds) TRY(rows.find_ranges(of_kind));
    return rows;
}

// Merged files hold rows of several chains.
Result<void> PartitionRows::find_ranges(const std::vector<RowFile>& files) {
    std::map<std::string, RowFile> by_path;
    std::vector<std::string> paths;
    for (const RowFile& file : files) {
        by_path[file.path] = file;
        paths.push_back(file.path);
    }
    TRY_ASSIGN(duck::Rows rows, connection_.query(fmt::format(
                                    R"(
        select filename, min(source_offset)::bigint, max(source_offset)::bigint
        from read_parquet({}, hive_partitioning = false, filename = true)
        where chain = {} and source_partition = {}
        group by filename)",
                                    duck::path_list(paths), duck::quote_text(chain_), partition_)));
    while (rows.next()) {
        ranges_.push_back({by_path.at(std::string(rows.text(0))),
                           static_cast<std::uint64_t>(rows.int64(1)),
                           static_cast<std::uint64_t>(rows.int64(2))});
    }
    return {};
}

Result<void> PartitionRows::read(std::uint64_t first, std::uint64_t end) {
    latest_ = nullptr;
    cursors_.clear();
    for (const event::Topic topic : event::kTopics) {
        TRY(open_cursor(topic, false, first, end));
        TRY(open_cursor(topic, true, first, end));
    }
    return {};
}

Result<void> PartitionRows::open_cursor(event::Topic topic, bool quarantined, std::uint64_t first,
                                        std::uint64_t end) {
    std::vector<std::string> paths;
    for (const Range& range : ranges_) {
        if (range.file.topic != topic || range.file.quarantined != quarantined) continue;
        if (range.last >= first && range.first < end) paths.push_back(range.file.path);
    }
    if (paths.empty()) return {};
    TRY_ASSIGN(duck::Rows rows, connection_.query(fmt::format(
                                    R"(
        select {}
        from read_parquet({}, hive_partitioning = false, union_by_name = true)
        where source_offset >= {} and source_offset < {} and chain = {} and source_partition = {}
        order by source_offset)",
                                    columns_text(topic, quarantined), duck::path_list(paths), first,
                                    end, duck::quote_text(chain_), partition_)));
    Cursor cursor{{.topic = topic, .quarantined = quarantined}, std::move(rows)};
    advance(cursor);
    if (cursor.stands) cursors_.push_back(std::move(cursor));
    return {};
}

void PartitionRows::advance(Cursor& cursor) {
    cursor.stands = cursor.rows.next();
    if (cursor.stands) {
        cursor.row.offset = static_cast<std::uint64_t>(cursor.rows.int64(kOffsetIndex));
    }
}

const LakeRow* PartitionRows::next() {
    if (latest_ != nullptr) advance(*latest_);
    latest_ = nullptr;
    for (Cursor& cursor : cursors_) {
        if (!cursor.stands) continue;
        if (latest_ == nullptr || cursor.row.offset < latest_->row.offset) latest_ = &cursor;
    }
    if (latest_ == nullptr) return nullptr;
    latest_->row.rows = &latest_->rows;
    return &latest_->row;
}

}  // namespace bassline::ingest
