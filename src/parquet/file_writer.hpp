// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "event/schema.hpp"
#include "storage/file_system.hpp"

// Parquet files from columns as the caller holds them: flat arrays, and texts as codes into a
// dictionary, which is handed through to Parquet without hashing a string again.
//
// zstd level 1, page checksums, required columns required, timestamps in microseconds of UTC,
// statistics where the schema says that readers prune. Arrow is seen by this room only. One writer
// belongs to one thread; only one column is converted at a time, so the memory beside the caller's
// is that of the largest column, and of the compressed pages of those that come again.
namespace bassline::parquet {

/// No value: a code of Texts.
inline constexpr std::uint32_t kNullCode = 0xFFFFFFFF;

/// An array of the column's own type: int32, int64 (timestamps too), double, or a byte a boolean.
/// With `present`, a row has a value if the bit stands in its mask.
struct Flat {
    const void* values;
    const std::uint32_t* present = nullptr;
    std::uint32_t bit = 0;
};

/// One code a row, into values that are all different; with `mapped`, the value of code c is
/// values[mapped[c]], kNullCode for none.
struct Texts {
    const std::uint32_t* codes;
    std::span<const std::string_view> values;
    const std::uint32_t* mapped = nullptr;
};

/// One text a row, all in one piece: row r is bytes[starts[r], starts[r + 1]). A row has a value if
/// the bit stands in its mask. Chunks of a row group with the same `starts` are the same.
struct Packed {
    const std::uint32_t* starts;  // one more than rows
    std::string_view bytes;
    const std::uint32_t* present;
    std::uint32_t bit;
};

/// One text or bytes a row.
struct Strings {
    std::span<const std::string_view> values;
};

/// The same value in every row.
struct Constant {
    std::variant<std::int64_t, std::string_view> value;
};

/// No row has a value.
struct Nulls {};

using ColumnChunk = std::variant<Flat, Texts, Packed, Strings, Constant, Nulls>;

struct ColumnSpec {
    std::string_view name;
    event::Type type;
    bool required;
    event::Layout layout;
    bool statistics;
};

/// The columns of a topic's bronze files, and of quarantine files.
std::vector<ColumnSpec> bronze_specs(event::Topic topic);
std::vector<ColumnSpec> quarantine_specs();

class FileWriter {
public:
    /// Takes the file; `metadata` becomes its key-value metadata.
    static Result<std::unique_ptr<FileWriter>> make(
        std::unique_ptr<storage::WritableFile> file, std::vector<ColumnSpec> columns,
        const std::map<std::string, std::string>& metadata);
    virtual ~FileWriter() = default;

    /// Writes the rows as one row group; `chunks` in the order of the columns. Errors: `io`, after
    /// which the writer is of no use.
    virtual Result<void> write_row_group(std::size_t rows, std::span<const ColumnChunk> chunks) = 0;

    /// Writes the footer; the file is complete, and the caller's to close durably.
    virtual Result<std::unique_ptr<storage::WritableFile>> finish() = 0;
};

/// Of Arrow and its Parquet, as linked, such as "26.0.1".
std::string library_version();

}  // namespace bassline::parquet
