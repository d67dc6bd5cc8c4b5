// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include <arrow/array.h>
#include <arrow/type.h>

#include "parquet/file_writer.hpp"

// A column of the caller's as an Arrow array. Inside this room only.
namespace bassline::parquet {

std::shared_ptr<arrow::DataType> arrow_type(const ColumnSpec& column);

class ArrayMaker {
public:
    /// The array points into the chunk's memory where it can. Throws arrow::Status's message as
    /// std::runtime_error when memory runs out.
    std::shared_ptr<arrow::Array> make(const ColumnSpec& column, const ColumnChunk& chunk,
                                       std::size_t rows);

private:
    std::shared_ptr<arrow::Array> from_texts(const Texts& texts, std::size_t rows);

    std::vector<std::uint32_t> local_codes_;  // by the caller's code; kNullCode between calls
    std::vector<std::uint32_t> used_codes_;   // by local code
};

}  // namespace bassline::parquet
