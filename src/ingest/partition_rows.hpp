// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "event/schema.hpp"

// The rows of one Kafka partition, from all files that hold some, in the order of their offsets.
namespace bassline::ingest {

struct RowFile {
    std::string path;  // absolute
    event::Topic topic = event::Topic::page_view_events;
    bool quarantined = false;
};

/// A row of bronze or quarantine; its columns are rows->...(index), by columns_of_rows().
struct LakeRow {
    event::Topic topic = event::Topic::page_view_events;
    bool quarantined = false;
    std::uint64_t offset = 0;
    const duck::Rows* rows = nullptr;  // until the next row
};

/// The columns that are read of bronze, after the offset, which is the first.
std::vector<event::Column> compared_columns(event::Topic topic);
/// Of quarantine.
inline constexpr std::size_t kRowRaw = 1, kRowRawBytes = 2, kRowFormat = 3, kRowTimestamp = 4;

class PartitionRows {
public:
    /// Looks which files have which offsets; the connection outlives it. Errors: `sql`.
    static Result<PartitionRows> open(duck::Connection& connection, std::string chain,
                                      std::int32_t partition, std::span<const RowFile> files);

    /// Begins to read the rows of the offsets [first, end). Errors: `sql`.
    Result<void> read(std::uint64_t first, std::uint64_t end);

    /// The next row by offset; null after the last one.
    const LakeRow* next();

private:
    struct Range {
        RowFile file;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
    };
    // The rows of one kind: a topic's in bronze, or in quarantine.
    struct Cursor {
        LakeRow row;
        duck::Rows rows;
        bool stands = false;  // on a row
    };

    PartitionRows(duck::Connection& connection, std::string chain, std::int32_t partition)
        : connection_(connection), chain_(std::move(chain)), partition_(partition) {}

    Result<void> find_ranges(const std::vector<RowFile>& files);
    Result<void> open_cursor(event::Topic topic, bool quarantined, std::uint64_t first,
                             std::uint64_t end);
    static void advance(Cursor& cursor);

    duck::Connection& connection_;
    std::string chain_;
    std::int32_t partition_;
    std::vector<Range> ranges_;
    std::vector<Cursor> cursors_;
    Cursor* latest_ = nullptr;  // whose row was given last
};

}  // namespace bassline::ingest
