// SPDX-License-Identifier: Apache-2.0
#include "duck/rows.hpp"

#include <cassert>
#include <limits>

#include "duck/rows_state.hpp"
#include "duck/vendor.hpp"

namespace bassline::duck {
namespace {

template <class T>
T element(void* data, idx_t row) {
    return static_cast<const T*>(data)[row];
}

double decimal_to_double(const VectorView& vector, idx_t row) {
    duckdb_decimal decimal{
        .width = vector.decimal_width, .scale = vector.decimal_scale, .value = {}};
    switch (vector.storage) {
        case DUCKDB_TYPE_SMALLINT:
            decimal.value.lower = element<std::int16_t>(vector.data, row);
            break;
        case DUCKDB_TYPE_INTEGER:
            decimal.value.lower = element<std::int32_t>(vector.data, row);
            break;
        case DUCKDB_TYPE_BIGINT:
            decimal.value.lower = element<std::int64_t>(vector.data, row);
            break;
        default:
            decimal.value = element<duckdb_hugeint>(vector.data, row);
            return duckdb_decimal_to_double(decimal);
    }
    decimal.value.upper = static_cast<std::int64_t>(decimal.value.lower) < 0 ? -1 : 0;
    return duckdb_decimal_to_double(decimal);
}

std::int64_t narrowed(std::uint64_t value) {
    assert(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    return static_cast<std::int64_t>(value);
}

// DuckDB keeps the greatest number for infinity and its negative for -infinity, in every unit.
template <class T>
int infinity_of(T count) {
    constexpr T kInfinity = std::numeric_limits<T>::max();
    return count == kInfinity ? 1 : count == -kInfinity ? -1 : 0;
}

}  // namespace

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

const std::vector<Column>& Rows::columns() const {
    return state_->columns;
}

bool Rows::next() {
    if (++state_->row < state_->chunk_rows) return true;
    state_->row = 0;
    return state_->fetch_chunk();
}

bool Rows::is_null(std::size_t column) const {
    std::uint64_t* validity = state_->vectors.at(column).validity;
    return validity != nullptr && !duckdb_validity_row_is_valid(validity, state_->row);
}

bool Rows::boolean(std::size_t column) const {
    assert(columns().at(column).kind == Kind::boolean);
    return !is_null(column) && element<bool>(state_->vectors[column].data, state_->row);
}

std::int64_t Rows::int64(std::size_t column) const {
    const VectorView& vector = state_->vectors.at(column);
    if (is_null(column)) return 0;
    const idx_t row = state_->row;
    switch (vector.type) {
        case DUCKDB_TYPE_TINYINT:
            return element<std::int8_t>(vector.data, row);
        case DUCKDB_TYPE_SMALLINT:
            return element<std::int16_t>(vector.data, row);
        case DUCKDB_TYPE_INTEGER:
            return element<std::int32_t>(vector.data, row);
        case DUCKDB_TYPE_BIGINT:
            return element<std::int64_t>(vector.data, row);
        case DUCKDB_TYPE_UTINYINT:
            return element<std::uint8_t>(vector.data, row);
        case DUCKDB_TYPE_USMALLINT:
            return element<std::uint16_t>(vector.data, row);
        case DUCKDB_TYPE_UINTEGER:
            return element<std::uint32_t>(vector.data, row);
        case DUCKDB_TYPE_UBIGINT:
            return narrowed(element<std::uint64_t>(vector.data, row));
        default:
            assert(false && "int64() of a column that holds no integers");
            return 0;
    }
}

double Rows::real(std::size_t column) const {
    const VectorView& vector = state_->vectors.at(column);
    if (is_null(column)) return 0;
    switch (vector.type) {
        case DUCKDB_TYPE_FLOAT:
            return static_cast<double>(element<float>(vector.data, state_->row));
        case DUCKDB_TYPE_DOUBLE:
            return element<double>(vector.data, state_->row);
        case DUCKDB_TYPE_DECIMAL:
            return decimal_to_double(vector, state_->row);
        case DUCKDB_TYPE_HUGEINT:
            return duckdb_hugeint_to_double(element<duckdb_hugeint>(vector.data, state_->row));
        default:
            return static_cast<double>(int64(column));
    }
}

std::string_view Rows::text(std::size_t column) const {
    assert(columns().at(column).kind == Kind::text);
    if (is_null(column)) return {};
    auto* strings = static_cast<duckdb_string_t*>(state_->vectors[column].data);
    duckdb_string_t* string = strings + state_->row;
    return {duckdb_string_t_data(string), duckdb_string_t_length(*string)};
}

Date Rows::date(std::size_t column) const {
    assert(columns().at(column).kind == Kind::date);
    if (is_null(column)) return {};
    const auto days = element<duckdb_date>(state_->vectors[column].data, state_->row).days;
    return Date(std::chrono::days(days));
}

Timestamp Rows::timestamp(std::size_t column) const {
    assert(columns().at(column).kind == Kind::timestamp);
    if (is_null(column)) return {};
    const VectorView& vector = state_->vectors[column];
    const auto count = element<std::int64_t>(vector.data, state_->row);
    if (const int infinite = infinity_of(count); infinite != 0) {
        return infinite > 0 ? Timestamp::max() : Timestamp::min();  // no unit to convert
    }
    switch (vector.type) {
        case DUCKDB_TYPE_TIMESTAMP_S:
            return Timestamp(std::chrono::seconds(count));
        case DUCKDB_TYPE_TIMESTAMP_MS:
            return Timestamp(std::chrono::milliseconds(count));
        case DUCKDB_TYPE_TIMESTAMP_NS:
            return Timestamp(
                std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds(count)));
        default:
            return Timestamp(std::chrono::microseconds(count));
    }
}

int Rows::infinity(std::size_t column) const {
    if (is_null(column)) return 0;
    const VectorView& vector = state_->vectors[column];
    switch (columns().at(column).kind) {
        case Kind::date:
            return infinity_of(element<duckdb_date>(vector.data, state_->row).days);
        case Kind::timestamp:
            return infinity_of(element<std::int64_t>(vector.data, state_->row));
        default:
            return 0;
    }
}

Value Rows::value(std::size_t column) const {
    if (is_null(column)) return {};
    switch (columns().at(column).kind) {
        case Kind::boolean:
            return boolean(column);
        case Kind::integer:
            return int64(column);
        case Kind::real:
            return real(column);
        case Kind::text:
            return std::string(text(column));
        case Kind::date:
            return date(column);
        case Kind::timestamp:
            return timestamp(column);
        case Kind::other:
            return {};
    }
    return {};
}

}  // namespace bassline::duck
