// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "duck/database.hpp"
#include "ingest/quarantined_record.hpp"
#include "storage/temporary_folder.hpp"

// The rows of quarantine files, front to back, sorted by the entry that they came with.
namespace bassline::replay {

/// What is the same for all records of one batch of ingest.
struct Origin {
    std::string chain;
    std::uint64_t seq = 0;
    std::string source;  // "file" or "kafka"
    std::optional<std::string> producer;
    Timestamp ingested_at;
    friend bool operator==(const Origin&, const Origin&) = default;
};

struct QuarantineRow {
    std::string file;  // absolute path
    Origin origin;
    ingest::QuarantinedRecord record;  // points into the reader, until the next row
};

class QuarantineRows {
public:
    /// Spills to a folder of its own in `scratch` when memory is short. Errors: `config`, `io`.
    static Result<QuarantineRows> open(std::uint64_t memory_bytes, const std::string& scratch);

    /// Begins to read the files, given as absolute paths. Errors: `sql`.
    Result<void> read(const std::vector<std::string>& paths);
    /// The next row; null after the last one. Errors: `bad_data` for a topic or reason that this
    /// program does not know.
    Result<const QuarantineRow*> next();

private:
    QuarantineRows(storage::TemporaryFolder folder, duck::Database database,
                   duck::Connection connection)
        : folder_(std::move(folder)),
          database_(std::move(database)),
          connection_(std::move(connection)) {}

    Result<void> take_names();

    storage::TemporaryFolder folder_;  // outlives the database, which spills into it
    duck::Database database_;
    duck::Connection connection_;
    std::optional<duck::Rows> rows_;
    std::string raw_;  // padded
    std::string detail_;
    QuarantineRow row_;
};

}  // namespace bassline::replay
