// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <arrow/array.h>
#include <arrow/type.h>

#include "parquet/file_writer.hpp"

// A column of the caller's as an Arrow array. Inside this room only.
namespace bassline::parquet {

std::shared_ptr<arrow::DataType> arrow_type(const ColumnSpec& column);

/// The array of a Flat, of Strings or of a constant number; points into the chunk's memory where it
/// can. Throws arrow::Status's message as std::runtime_error when memory runs out.
std::shared_ptr<arrow::Array> make_array(const ColumnSpec& column, const ColumnChunk& chunk,
                                         std::size_t rows);

}  // namespace bassline::parquet
