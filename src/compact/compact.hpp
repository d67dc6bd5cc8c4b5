// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "compact/plan.hpp"
#include "lake/chain_archive.hpp"
#include "storage/file_system.hpp"

// A compaction: small files of closed hours become one, dates past retention leave
// (docs/formats/lake.md, "Compaction").
//
//   lock -> finish what others left -> sweep -> expire -> merge, an entry at a time -> sweep
//
// May run beside ingest, builds and readers, in the same process too; a second compaction is
// refused. Stopped anywhere, the next one goes on.
namespace bassline::compact {

struct CompactOptions {
    std::optional<Timestamp> before;  // hours that end there or earlier; none: closed_before
    std::optional<int> retain_days;   // at least 1; none: nothing expires
    std::chrono::milliseconds grace{std::chrono::minutes(10)};  // before replaced files leave
    PlanLimits limits;
    lake::ArchiveRule archive;  // which chain entries keep a file each
};

struct CompactSummary {
    std::uint64_t entries = 0;       // committed
    std::uint64_t hours = 0;         // topic-hours (quarantine: topic-days) merged
    std::uint64_t files_merged = 0;  // inputs
    std::uint64_t files_written = 0;
    std::uint64_t rows = 0;  // in them
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes_after = 0;
    std::uint64_t files_expired = 0;
    std::uint64_t rows_expired = 0;
    std::string retained_from;        // first kept event date; empty: all
    std::uint64_t files_removed = 0;  // replaced earlier or now, past grace
    std::uint64_t files_awaiting = 0;
    bool interrupted = false;  // what was committed stands
    double seconds = 0;
};

/// Errors: `usage` for an option out of range; `conflict` if another compaction holds the lake;
/// `bad_data` if a file is not as its entry says (nothing is replaced then); `io`.
Result<CompactSummary> compact(storage::FileSystem& files, const CompactOptions& options,
                               const Clock& clock, const std::stop_token& stop);

}  // namespace bassline::compact
