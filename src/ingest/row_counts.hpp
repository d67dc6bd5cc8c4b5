// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "storage/temporary_folder.hpp"

// What the Parquet files themselves say, for verify.
namespace bassline::ingest {

/// Chain and number of the source within it.
using SourceId = std::pair<std::string, std::uint64_t>;

struct SourceRows {
    std::uint64_t bronze = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t duplicate = 0;  // of both
    std::int64_t first_offset = 0;
    std::int64_t last_offset = 0;
};

class RowCounter {
public:
    /// Spills to a folder of its own in `scratch` when memory is short. Errors: `config`, `io`.
    static Result<RowCounter> open(int threads, std::uint64_t memory_bytes,
                                   const std::string& scratch);

    /// Rows that the footer of a file promises. Errors: `sql` if it is no Parquet file.
    Result<std::uint64_t> rows_of(const std::string& path);

    /// Rows of one topic by chain and number of the source, over absolute paths. Errors: `sql`.
    Result<std::map<SourceId, SourceRows>> by_source(const std::vector<std::string>& bronze,
                                                     const std::vector<std::string>& quarantine);

    /// The first answer that memory was too short for, if any: `config`.
    const std::optional<Error>& shortage() const { return shortage_; }

    /// For other questions to the same files.
    duck::Connection& connection() { return connection_; }

private:
    RowCounter(storage::TemporaryFolder folder, duck::Database database,
               duck::Connection connection)
        : folder_(std::move(folder)),
          database_(std::move(database)),
          connection_(std::move(connection)) {}

    Result<duck::Rows> ask(const std::string& sql);

    storage::TemporaryFolder folder_;  // outlives the database, which spills into it
    duck::Database database_;
    duck::Connection connection_;
    std::optional<Error> shortage_;
};

}  // namespace bassline::ingest
