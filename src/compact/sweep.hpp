// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/file_system.hpp"

// The last step of a compaction, some minutes after it: whoever folded the logs before has opened
// its files by then. Folder by folder, the merged file gets its second name, under `bronze/` or
// `_quarantine/`, and the files that it replaced are removed, at once one after the other. What
// expired is removed with the folders that it leaves empty.
namespace bassline::compact {

struct SweepResult {
    std::uint64_t removed = 0;   // files
    std::uint64_t awaiting = 0;  // replaced files that are still in grace
};

/// Sweeps the entries of `compact` before `end` that are older than the grace period (as
/// lake::committed_until knows it). Idempotent:
/// an interrupted sweep is finished by the next. For the holder of the chain's lock. Errors: `io`.
Result<SweepResult> sweep(storage::FileSystem& files, std::uint64_t end, Timestamp now,
                          std::chrono::milliseconds grace);

}  // namespace bassline::compact
