// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "dashboard/gold.hpp"
#include "lake/snapshot.hpp"
#include "storage/file_system.hpp"

namespace bassline::dashboard {

/// Reads the gold tables of one snapshot into memory, by a DuckDB of its own that is gone
/// afterwards. Errors: `bad_data` if a table or column is missing (naming it), `sql` or `io` if a
/// file cannot be read; a file that was pruned meanwhile is one of these, and the next snapshot
/// will load.
Result<Gold> read_gold(const storage::FileSystem& files, const lake::Snapshot& snapshot);

}  // namespace bassline::dashboard
