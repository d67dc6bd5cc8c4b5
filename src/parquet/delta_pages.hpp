// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <parquet/statistics.h>

#include "parquet/file_writer.hpp"
#include "parquet/page_writer.hpp"

// Parquet's DELTA_BINARY_PACKED: a first value, then in blocks the least difference and what the
// others exceed it by, in as few bits as a quarter of them needs
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/). Inside this room only.
namespace bassline::parquet {

/// Appends the values of one page. Differences that overflow wrap around, as readers expect.
void append_delta(std::span<const std::int32_t> values, ByteBuffer& out);
void append_delta(std::span<const std::int64_t> values, ByteBuffer& out);

/// True for integers in every row, each its own or all the same, of a required column whose layout
/// is delta.
bool is_delta(const ColumnSpec& column, const ColumnChunk& chunk);

/// The pages of such a chunk; returns its statistics.
::parquet::EncodedStatistics write_delta_pages(const ColumnSpec& column, const ColumnChunk& chunk,
                                               std::size_t rows, PageWriter& pages);

}  // namespace bassline::parquet
