// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/row_counts.hpp"
#include "storage/file_system.hpp"

// One file held against what names it, for verify.
namespace bassline::ingest {

/// A Parquet file as an entry or a snapshot names it.
struct NamedFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    std::string xxh64;  // of its content
};

/// The file's absolute path and how it differs, such as "/lake/x, which is missing"; nothing if it
/// is whole. With `full` every byte is read and hashed, else its size and its footer's rows count.
std::optional<std::string> what_is_wrong(const storage::FileSystem& files, RowCounter& counter,
                                         const NamedFile& file, bool full);

}  // namespace bassline::ingest
