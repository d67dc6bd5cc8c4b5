// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "compact/plan.hpp"
#include "storage/file_system.hpp"

namespace bassline::compact {

/// The file's bytes, if they have the size and hash that its entry says. Errors: `bad_data` naming
/// the file; `io`.
Result<std::string> read_checked(const storage::FileSystem& files, const lake::LiveFile& file);

/// Writes one staged file with the rows of all inputs, sorted by (ts, source_partition,
/// source_offset), and returns it as an output that lacks its final name. Each input is read whole
/// and held against size, hash and rows of the entry that names it, so damage is never merged in.
/// Errors: `bad_data` naming the input; `io`.
Result<lake::Output> merge_files(storage::FileSystem& files, const Merge& merge,
                                 const std::string& staged, std::uint64_t seq);

}  // namespace bassline::compact
