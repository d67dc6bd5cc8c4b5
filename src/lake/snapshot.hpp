// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/file_system.hpp"

// Snapshots: what silver and gold are (docs/formats/lake.md, "Snapshots").
//
// A snapshot names every file of every table of one build. Committing `_snapshots/<n>.json` by a no-replace rename is
// publication; our readers open one snapshot and see it whole. Afterwards the files are projected (hard link, rename
// over) onto fixed names for foreign readers; any later writer finishes a projection that was interrupted.
namespace bassline::lake {

struct TableFile {
    std::string event_date;  // YYYY-MM-DD; empty for a table of one file
    std::string path;        // under _versions/
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::string xxh64;
};

struct Table {
    std::string layer;  // "intermediate" (not projected), "silver", "gold"
    std::vector<TableFile> files;
};

struct Snapshot {
    std::uint64_t n = 0;  // dense from 1
    std::string prev_sha256;
    std::string run;
    std::string models_sha256;                    // of all model checksums: a change means a full refresh of the changed
    std::map<std::string, std::string> models;    // model name -> dbt checksum
    std::string engine;                           // "duckdb"
    std::map<std::string, std::uint64_t> bronze;  // chain -> number of entries folded in (next seq)
    std::int64_t watermark_ms = 0;                // greatest event time in bronze
    std::string retained_from;                    // first kept event date, empty: all
    std::map<std::string, Table> tables;
};

std::string to_json(const Snapshot& snapshot);
Result<Snapshot> snapshot_from_json(std::string_view json);

/// The newest snapshot, or none in a lake that was never built. Errors: `bad_data`, `config` (a newer format), `io`.
Result<std::optional<Snapshot>> newest_snapshot(const storage::FileSystem& files);

/// Commits snapshot `n` by a no-replace rename. Errors: `conflict` if another build took the number.
Result<void> commit(storage::FileSystem& files, const Snapshot& snapshot);

/// Projects the newest snapshot onto the fixed names if `_snapshots/projected` is behind; removes emptied dates.
Result<void> project(storage::FileSystem& files, const Snapshot& newest);

/// Removes versions and runs that no snapshot of the last 24 hours and not the last two name.
Result<void> prune_versions(storage::FileSystem& files);

}  // namespace bassline::lake
