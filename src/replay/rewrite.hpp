// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "lake/live_files.hpp"
#include "replay/quarantine_rows.hpp"
#include "replay/trial.hpp"
#include "storage/file_system.hpp"

namespace bassline::replay {

struct RewriteOptions {
    std::string staging;  // a folder that exists
    std::uint64_t seq = 0;
    std::uint64_t memory_bytes = 0;
};

/// Stages what becomes of quarantine files: bronze of the records that are good now, one file a
/// topic and hour, and quarantine of the others, as they were, one a topic and date of ingest.
/// Returns the part of an entry that says so: outputs, counters, dates_touched, replaced,
/// rows_split. Each file is held against its entry first.
/// Errors: `bad_data` naming a file that is not as its entry says; `unavailable`; `io`.
Result<lake::Entry> rewrite(storage::FileSystem& files, const std::vector<lake::LiveFile>& inputs,
                            Trial& trial, QuarantineRows& rows, const RewriteOptions& options);

}  // namespace bassline::replay
