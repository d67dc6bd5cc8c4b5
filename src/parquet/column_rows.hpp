// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arrow/array.h>

#include "parquet/file_writer.hpp"

// The values of one column, collected from Arrow arrays and given back in another order of rows as
// the writer takes them. Inside this room only; one thread.
namespace bassline::parquet {

class ColumnRows {
public:
    explicit ColumnRows(const ColumnSpec& column);

    /// Appends the array's rows; its type is arrow_type() of the column.
    void append(const arrow::Array& array);
    /// Of an integer column.
    std::int64_t integer(std::size_t row) const;
    /// The rows in that order; the chunk points into this object until the next call.
    ColumnChunk in_order(std::span<const std::uint32_t> order);
    void clear();
    std::size_t bytes() const;

private:
    void append_numbers(const arrow::Array& array);
    void append_booleans(const arrow::Array& array);
    void append_coded(const arrow::Array& array);
    void append_texts(const arrow::Array& array);
    std::uint32_t code_of(std::string_view value);

    Flat flat_in_order(std::span<const std::uint32_t> order);
    Packed packed_in_order(std::span<const std::uint32_t> order);
    Strings strings_in_order(std::span<const std::uint32_t> order);
    std::string_view text(std::size_t row) const;

    const ColumnSpec& column_;
    std::size_t width_ = 0;               // of a value in `values_`
    std::vector<char> values_;            // numbers; a byte a boolean
    std::vector<std::uint32_t> present_;  // 0 or 1 a row
    std::vector<std::uint32_t> codes_;
    std::deque<std::string> dictionary_;
    std::vector<std::string_view> dictionary_views_;
    std::unordered_map<std::string_view, std::uint32_t> code_by_value_;
    std::size_t dictionary_bytes_ = 0;
    std::string texts_;
    std::vector<std::uint32_t> starts_{0};

    // In order, for the writer.
    std::vector<char> ordered_values_;
    std::vector<std::uint32_t> ordered_numbers_;  // present, or starts of texts
    std::vector<std::uint32_t> ordered_present_;
    std::string ordered_texts_;
    std::vector<std::string_view> ordered_views_;
};

}  // namespace bassline::parquet
