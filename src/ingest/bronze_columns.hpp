// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ingest/batch_writer.hpp"
#include "ingest/row_buffer.hpp"
#include "parquet/file_writer.hpp"

// A buffer's rows as the columns of a bronze file: the stored ones as they are, the others made
// from them or from the batch.
namespace bassline::ingest {

class BronzeColumns {
public:
    /// Both outlive it.
    BronzeColumns(const BatchContext& context, Interners& interners);

    /// The chunks of the buffer's topic, in file order; they point into the buffer, the interners
    /// and this object, until the next call.
    const std::vector<parquet::ColumnChunk>& chunks_of(RowBuffer& buffer);

    /// To be called when the interners were cleared.
    void forget_repairs();

private:
    parquet::ColumnChunk chunk_of(event::Column column, RowBuffer& buffer);
    parquet::ColumnChunk texts_of(event::Column column, RowBuffer& buffer);
    parquet::ColumnChunk repaired(event::Column column, RowBuffer& buffer);
    void repair_new_values(event::Column column);

    const BatchContext& context_;
    Interners& interners_;
    std::array<std::vector<std::uint32_t>, event::kColumnCount>
        repaired_;  // by code of the raw one
    std::vector<std::int64_t> event_at_;
    std::vector<parquet::ColumnChunk> chunks_;
};

}  // namespace bassline::ingest
