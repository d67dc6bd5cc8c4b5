// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "duck/rows.hpp"
#include "duck/vendor.hpp"

// Inside this room only: where a Rows stands.
namespace bassline::duck {

/// One column of the current chunk.
struct VectorView {
    void* data = nullptr;
    std::uint64_t* validity = nullptr;  // null: no nulls
    duckdb_type type = DUCKDB_TYPE_INVALID;
    duckdb_type storage = DUCKDB_TYPE_INVALID;  // of a DECIMAL
    std::uint8_t decimal_width = 0;
    std::uint8_t decimal_scale = 0;
};

struct Rows::State {
    ResultHandle result;
    std::vector<Column> columns;
    duckdb_data_chunk chunk = nullptr;
    idx_t chunk_rows = 0;
    idx_t row = 0;
    std::vector<VectorView> vectors;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { duckdb_destroy_data_chunk(&chunk); }

    void describe();     // fills `columns` from the result
    bool fetch_chunk();  // false when there is none
};

}  // namespace bassline::duck
