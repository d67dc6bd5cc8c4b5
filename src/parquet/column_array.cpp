// SPDX-License-Identifier: Apache-2.0
#include "parquet/column_array.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

namespace bassline::parquet {
namespace {

using event::Layout;
using event::Type;

template <class T>
T value_or_throw(arrow::Result<T> result) {
    if (!result.ok()) throw std::runtime_error(result.status().ToString());
    return std::move(result).ValueUnsafe();
}

std::shared_ptr<arrow::Buffer> allocate(std::size_t bytes) {
    return value_or_throw(
        arrow::AllocateBuffer(static_cast<std::int64_t>(bytes), arrow::system_memory_pool()));
}

std::size_t width_of(Type type) {
    return type == Type::int32 ? 4 : 8;
}

bool is_dictionary(const ColumnSpec& column) {
    return column.type == Type::text && column.layout == Layout::dictionary;
}

struct Validity {
    std::shared_ptr<arrow::Buffer> bits;  // null if every row has a value
    std::int64_t nulls = 0;
};

// One bit a row from a predicate of the row's number.
template <class IsSet>
std::shared_ptr<arrow::Buffer> make_bitmap(std::size_t rows, std::int64_t& set, IsSet is_set) {
    auto buffer = allocate((rows + 7) / 8);
    std::uint8_t* const bytes = buffer->mutable_data();
    set = 0;
    for (std::size_t row = 0; row < rows; row += 8) {
        unsigned byte = 0;
        const std::size_t count = std::min<std::size_t>(8, rows - row);
        for (std::size_t i = 0; i < count; ++i) {
            byte |= static_cast<unsigned>(is_set(row + i)) << i;
        }
        set += __builtin_popcount(byte);
        bytes[row / 8] = static_cast<std::uint8_t>(byte);
    }
    return buffer;
}

// Of a chunk whose rows have masks, Flat or Packed.
template <class Masked>
Validity validity_of(const Masked& chunk, std::size_t rows) {
    if (chunk.present == nullptr) return {};
    std::uint32_t all = chunk.bit;
    for (std::size_t row = 0; row < rows; ++row) all &= chunk.present[row];
    if (all == chunk.bit) return {};
    std::int64_t set = 0;
    Validity validity;
    validity.bits = make_bitmap(
        rows, set, [&](std::size_t row) { return (chunk.present[row] & chunk.bit) != 0; });
    validity.nulls = static_cast<std::int64_t>(rows) - set;
    return validity;
}

std::shared_ptr<arrow::Array> array_of(std::shared_ptr<arrow::DataType> type, std::size_t rows,
                                       Validity validity, std::shared_ptr<arrow::Buffer> values) {
    return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), static_cast<std::int64_t>(rows),
                                                   {std::move(validity.bits), std::move(values)},
                                                   validity.nulls));
}

std::shared_ptr<arrow::Array> from_flat(const ColumnSpec& column, const Flat& flat,
                                        std::size_t rows) {
    auto type = arrow_type(column);
    if (column.type == Type::boolean) {
        const auto* const bytes = static_cast<const std::uint8_t*>(flat.values);
        std::int64_t set = 0;
        auto bits = make_bitmap(rows, set, [&](std::size_t row) { return bytes[row] != 0; });
        return array_of(std::move(type), rows, validity_of(flat, rows), std::move(bits));
    }
    auto values =
        std::make_shared<arrow::Buffer>(static_cast<const std::uint8_t*>(flat.values),
                                        static_cast<std::int64_t>(rows * width_of(column.type)));
    return array_of(std::move(type), rows, validity_of(flat, rows), std::move(values));
}

std::shared_ptr<arrow::DataType> dictionary_type() {
    return arrow::dictionary(arrow::int32(), arrow::utf8());
}

std::shared_ptr<arrow::Array> make_strings(Type type, std::size_t count,
                                           std::span<const std::string_view> values) {
    std::size_t bytes = 0;
    for (const std::string_view value : values) bytes += value.size();
    auto offsets = allocate((count + 1) * 4);
    auto data = allocate(bytes);
    auto* const ends = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
    std::int32_t end = 0;
    ends[0] = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view value = values[i];
        if (!value.empty()) std::memcpy(data->mutable_data() + end, value.data(), value.size());
        end += static_cast<std::int32_t>(value.size());
        ends[i + 1] = end;
    }
    const auto arrow_type = type == Type::binary ? arrow::binary() : arrow::utf8();
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type, static_cast<std::int64_t>(count),
                                                   {nullptr, std::move(offsets), std::move(data)},
                                                   0));
}

std::shared_ptr<arrow::Array> from_constant(const ColumnSpec& column, std::int64_t number,
                                            std::size_t rows) {
    auto values = allocate(rows * width_of(column.type));
    if (column.type == Type::int32) {
        std::fill_n(reinterpret_cast<std::int32_t*>(values->mutable_data()), rows,
                    static_cast<std::int32_t>(number));
    } else {
        std::fill_n(reinterpret_cast<std::int64_t*>(values->mutable_data()), rows, number);
    }
    return array_of(arrow_type(column), rows, {}, std::move(values));
}

}  // namespace

std::shared_ptr<arrow::DataType> arrow_type(const ColumnSpec& column) {
    switch (column.type) {
        case Type::int32:
            return arrow::int32();
        case Type::int64:
            return arrow::int64();
        case Type::real:
            return arrow::float64();
        case Type::boolean:
            return arrow::boolean();
        case Type::binary:
            return arrow::binary();
        case Type::timestamp:
            return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
        case Type::text:
            break;
    }
    return is_dictionary(column) ? dictionary_type() : arrow::utf8();
}

std::shared_ptr<arrow::Array> make_array(const ColumnSpec& column, const ColumnChunk& chunk,
                                         std::size_t rows) {
    if (const auto* const flat = std::get_if<Flat>(&chunk)) return from_flat(column, *flat, rows);
    if (const auto* const strings = std::get_if<Strings>(&chunk)) {
        return make_strings(column.type, rows, strings->values);
    }
    return from_constant(column, std::get<std::int64_t>(std::get<Constant>(chunk).value), rows);
}

}  // namespace bassline::parquet
