// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "lake/snapshot.hpp"
#include "storage/file_system.hpp"

// From a relation of the scratch database to immutable files of the lake, in two steps: DuckDB
// writes Parquet into the scratch folder; our FileSystem copies it durably under
// `_versions/<run>/`.
namespace bassline::models {

struct ExportedFile {
    std::string event_date;    // empty: the whole table
    std::string scratch_path;  // absolute
    std::uint64_t rows = 0;
};

struct ExportedTable {
    std::string name;
    std::vector<ExportedFile> files;
};

/// One zstd Parquet file, or with `by_date` one for each event_date that has rows.
Result<ExportedTable> export_table(duck::Connection& connection, const std::string& relation,
                                   const std::string& name, const std::string& scratch_folder,
                                   bool by_date);

/// Copies the files into the lake, several at a time, and makes them and their names durable.
/// Result: the new files of each table, sorted by date.
Result<std::map<std::string, std::vector<lake::TableFile>>> copy_into_lake(
    storage::FileSystem& files, const std::string& run, const std::vector<ExportedTable>& tables);

}  // namespace bassline::models
