// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "parquet/file_writer.hpp"

// The rows of several Parquet files of ours as one file, value by value: same columns, types and
// encodings (a column that the first file holds without a dictionary stays without one). Rows are
// sorted within a row group; inputs are taken one after the other, so memory holds one input and
// one row group twice.
//
// One thread. After an error the merger is dropped, and with it the file it was writing.
namespace bassline::parquet {

struct MergeOptions {
    std::vector<ColumnSpec> columns;
    std::vector<std::string_view> order;  // integer columns to sort by, the first one first
    std::map<std::string, std::string> metadata;
    std::size_t row_group_rows = 1u << 18;
    std::size_t row_group_bytes = 64u << 20;  // as held in memory
};

class FileMerger {
public:
    /// `file` is written from the first row group on.
    static std::unique_ptr<FileMerger> make(std::unique_ptr<storage::WritableFile> file,
                                            MergeOptions options);
    virtual ~FileMerger() = default;

    /// Takes every row of a Parquet file, given as its bytes, and tells how many. Errors:
    /// `bad_data` naming `name` if it is no Parquet file of these columns; `io`.
    virtual Result<std::uint64_t> add(std::string_view name, std::string_view bytes) = 0;

    /// Writes the rest and closes the file durably. At least one file was added.
    virtual Result<storage::FileDigest> close() = 0;
};

}  // namespace bassline::parquet
