// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "lake/snapshot.hpp"
#include "storage/file_system.hpp"

// The newest snapshot's silver and gold under fixed names, for readers that list folders (DuckDB
// globs, Spark, ClickHouse): one file a gold table, one a fact and date. Each file is a second name
// of an immutable version, renamed over the fixed name, so such a reader sees each table and each
// date whole, old or new, never half.
namespace bassline::lake {

/// `silver/fact_listen_events/event_date=2025-03-14/fact_listen_events.parquet`,
/// `gold/<table>/<table>.parquet`
std::string projected_path(std::string_view layer, std::string_view table,
                           std::string_view event_date);

/// Projects the snapshot if `_snapshots/projected` is behind it, and removes tables and dates it
/// does not have. Idempotent: an interrupted projection is finished by calling it again.
Result<void> project(storage::FileSystem& files, const Snapshot& newest);

}  // namespace bassline::lake
