// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
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

    /// The columns of a file that begins with the buffer's rows: those that hardly repeat there are
    /// written plainly, the others by dictionary.
    std::vector<parquet::ColumnSpec> specs_of(RowBuffer& buffer) const;

    /// To be called when the interners were cleared.
    void forget_repairs();

private:
    parquet::ColumnChunk chunk_of(event::Column column, RowBuffer& buffer);
    parquet::ColumnChunk texts_of(event::Column column, RowBuffer& buffer);
    parquet::ColumnChunk repaired(event::Column column, RowBuffer& buffer);
    void repair_new_values(event::Column column);

    parquet::ColumnChunk repaired_packed(event::Column column, RowBuffer& buffer);

    // Packed texts after repair.
    struct Repairs {
        std::vector<std::uint32_t> starts;
        std::vector<std::uint32_t> present;
        std::string texts;
    };

    const BatchContext& context_;
    Interners& interners_;
    std::array<std::vector<std::uint32_t>, event::kColumnCount>
        repaired_;  // by code of the raw one
    std::array<Repairs, event::kProducerColumnCount> repaired_texts_;
    std::vector<std::int64_t> event_at_;
    std::vector<parquet::ColumnChunk> chunks_;
};

}  // namespace bassline::ingest
