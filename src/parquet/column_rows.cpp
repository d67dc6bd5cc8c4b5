// SPDX-License-Identifier: Apache-2.0
#include "parquet/column_rows.hpp"

#include <cassert>
#include <cstring>

namespace bassline::parquet {
namespace {

using event::Layout;
using event::Type;

std::size_t width_in_memory(Type type) {
    switch (type) {
        case Type::boolean:
            return 1;
        case Type::int32:
            return 4;
        case Type::int64:
        case Type::real:
        case Type::timestamp:
            return 8;
        case Type::text:
        case Type::binary:
            break;
    }
    return 0;
}

bool is_coded(const ColumnSpec& column) {
    return column.type == Type::text && column.layout == Layout::dictionary;
}

}  // namespace

ColumnRows::ColumnRows(const ColumnSpec& column)
    : column_(column), width_(width_in_memory(column.type)) {}

void ColumnRows::append(const arrow::Array& array) {
    if (array.length() == 0) return;
    for (std::int64_t row = 0; row < array.length(); ++row) present_.push_back(array.IsValid(row));
    if (column_.type == Type::boolean) return append_booleans(array);
    if (width_ > 0) return append_numbers(array);
    if (is_coded(column_)) return append_coded(array);
    append_texts(array);
}

void ColumnRows::append_numbers(const arrow::Array& array) {
    const auto& data = *array.data();
    const char* const begin = reinterpret_cast<const char*>(data.buffers[1]->data()) +
                              static_cast<std::size_t>(data.offset) * width_;
    values_.insert(values_.end(), begin, begin + static_cast<std::size_t>(data.length) * width_);
}

void ColumnRows::append_booleans(const arrow::Array& array) {
    const auto& booleans = static_cast<const arrow::BooleanArray&>(array);
    for (std::int64_t row = 0; row < array.length(); ++row) values_.push_back(booleans.Value(row));
}

std::uint32_t ColumnRows::code_of(std::string_view value) {
    const auto known = code_by_value_.find(value);
    if (known != code_by_value_.end()) return known->second;
    const auto code = static_cast<std::uint32_t>(dictionary_.size());
    dictionary_.emplace_back(value);
    dictionary_views_.emplace_back(dictionary_.back());
    code_by_value_.emplace(dictionary_.back(), code);
    dictionary_bytes_ += value.size() + sizeof(std::string);
    return code;
}

// Every value of the array's own dictionary is looked up once.
void ColumnRows::append_coded(const arrow::Array& array) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
    const auto& values = static_cast<const arrow::StringArray&>(*coded.dictionary());
    std::vector<std::uint32_t> ours(static_cast<std::size_t>(values.length()), kNullCode);
    for (std::int64_t row = 0; row < array.length(); ++row) {
        if (array.IsNull(row)) {
            codes_.push_back(kNullCode);
            continue;
        }
        const std::int64_t index = coded.GetValueIndex(row);
        std::uint32_t& code = ours[static_cast<std::size_t>(index)];
        if (code == kNullCode) code = code_of(values.GetView(index));
        codes_.push_back(code);
    }
}

void ColumnRows::append_texts(const arrow::Array& array) {
    const auto& texts = static_cast<const arrow::BinaryArray&>(array);
    for (std::int64_t row = 0; row < array.length(); ++row) {
        if (array.IsValid(row)) texts_ += texts.GetView(row);
        starts_.push_back(static_cast<std::uint32_t>(texts_.size()));
    }
}

std::int64_t ColumnRows::integer(std::size_t row) const {
    if (width_ == sizeof(std::int32_t)) {
        std::int32_t value = 0;
        std::memcpy(&value, values_.data() + row * width_, width_);
        return value;
    }
    assert(width_ == sizeof(std::int64_t));
    std::int64_t value = 0;
    std::memcpy(&value, values_.data() + row * width_, width_);
    return value;
}

std::string_view ColumnRows::text(std::size_t row) const {
    return std::string_view(texts_).substr(starts_[row], starts_[row + 1] - starts_[row]);
}

ColumnChunk ColumnRows::in_order(std::span<const std::uint32_t> order) {
    if (width_ > 0) return flat_in_order(order);
    if (is_coded(column_)) {
        ordered_numbers_.clear();
        for (const std::uint32_t row : order) ordered_numbers_.push_back(codes_[row]);
        return Texts{ordered_numbers_.data(), dictionary_views_};
    }
    if (column_.type == Type::binary) return strings_in_order(order);
    return packed_in_order(order);
}

Flat ColumnRows::flat_in_order(std::span<const std::uint32_t> order) {
    ordered_values_.resize(order.size() * width_);
    ordered_numbers_.clear();
    for (std::size_t at = 0; at < order.size(); ++at) {
        std::memcpy(ordered_values_.data() + at * width_, values_.data() + order[at] * width_,
                    width_);
        ordered_numbers_.push_back(present_[order[at]]);
    }
    Flat flat{ordered_values_.data()};
    if (!column_.required) {
        flat.present = ordered_numbers_.data();
        flat.bit = 1;
    }
    return flat;
}

Packed ColumnRows::packed_in_order(std::span<const std::uint32_t> order) {
    ordered_numbers_.assign(1, 0);
    ordered_present_.clear();
    ordered_texts_.clear();
    for (const std::uint32_t row : order) {
        ordered_texts_ += text(row);
        ordered_numbers_.push_back(static_cast<std::uint32_t>(ordered_texts_.size()));
        ordered_present_.push_back(present_[row]);
    }
    return Packed{ordered_numbers_.data(), ordered_texts_, ordered_present_.data(), 1};
}

Strings ColumnRows::strings_in_order(std::span<const std::uint32_t> order) {
    ordered_views_.clear();
    for (const std::uint32_t row : order) {
        assert(present_[row]);  // binary columns are required
        ordered_views_.push_back(text(row));
    }
    return Strings{ordered_views_};
}

void ColumnRows::clear() {
    values_.clear();
    present_.clear();
    codes_.clear();
    code_by_value_.clear();
    dictionary_views_.clear();
    dictionary_.clear();
    dictionary_bytes_ = 0;
    texts_.clear();
    starts_.assign(1, 0);
}

std::size_t ColumnRows::bytes() const {
    return values_.size() + texts_.size() + dictionary_bytes_ +
           (present_.size() + codes_.size() + starts_.size()) * sizeof(std::uint32_t);
}

}  // namespace bassline::parquet
