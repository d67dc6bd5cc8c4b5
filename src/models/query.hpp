// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "duck/rows.hpp"
#include "storage/file_system.hpp"

// Read-only SQL of strangers over one snapshot of a lake.
//
// Relations: schemas `bronze`, `intermediate`, `silver` and `gold` as the snapshot has them, and
// `quarantine` (one row a refused record, with reason and line). In a lake that was never built,
// bronze as far as it is published.
//
// Sandboxed: the database reads the files of these relations and nothing else, writes nothing but
// its spill folder, has no network, and only one SELECT-like statement is taken.
namespace bassline::models {

struct QueryOptions {
    std::size_t threads = 2;
    std::uint64_t memory_bytes = 0;        // 0: default_memory_bytes()
    std::string scratch;                   // parent folder; empty: default_scratch_parent()
    std::chrono::milliseconds timeout{0};  // 0: none
};

/// What came back: numbers wider than 64 bits and kinds that Rows does not read arrive as text.
class QueryResult {
public:
    struct Session;
    QueryResult(std::unique_ptr<Session> session, std::vector<duck::Column> columns,
                duck::Rows rows);
    QueryResult(QueryResult&&) noexcept;
    ~QueryResult();

    /// Names and kinds as the statement has them; `is_wide` marks numbers that arrive as text.
    const std::vector<duck::Column>& columns() const { return columns_; }
    duck::Rows& rows() { return rows_; }

private:
    std::unique_ptr<Session> session_;  // outlives the rows
    std::vector<duck::Column> columns_;
    duck::Rows rows_;
};

/// Errors: `usage` for a statement that does not parse, bind, or only read; `sql` if it fails;
/// `cancelled` after a stop or the timeout.
Result<QueryResult> query_lake(const storage::FileSystem& files, const std::string& sql,
                               const QueryOptions& options, std::stop_token stop);

}  // namespace bassline::models
