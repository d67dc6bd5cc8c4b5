// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

// The result of a query, read front to back, one row at a time:
//
//     while (rows.next()) total += rows.int64(0);
//
// A column has one kind, and each kind one accessor; a wrong accessor is a bug and asserts. Null
// reads as 0, "" or false: ask `is_null` where it matters. Texts point into the current row and die
// with the next `next`. One thread.
namespace bassline::duck {

enum class Kind {
    boolean,    // BOOLEAN
    integer,    // signed and unsigned integers up to 64 bits; UBIGINT beyond int64 asserts
    real,       // FLOAT, DOUBLE, HUGEINT, DECIMAL
    text,       // VARCHAR, BLOB (its bytes)
    date,       // DATE
    timestamp,  // TIMESTAMP of any precision and zone, as UTC microseconds
    other,      // not readable here: cast it in SQL
};

struct Column {
    std::string name;
    Kind kind = Kind::other;
    bool is_wide = false;  // UBIGINT, HUGEINT, DECIMAL: not each one is exact in `int64` or `real`
};

using Value =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Date, Timestamp>;

class Rows {
public:
    Rows(Rows&&) noexcept;
    Rows& operator=(Rows&&) noexcept;
    ~Rows();

    const std::vector<Column>& columns() const;

    /// Moves to the next row; false after the last one.
    bool next();

    bool is_null(std::size_t column) const;
    bool boolean(std::size_t column) const;
    std::int64_t int64(std::size_t column) const;
    double real(std::size_t column) const;
    std::string_view text(std::size_t column) const;
    Date date(std::size_t column) const;
    Timestamp timestamp(std::size_t column) const;

    /// 1 for a date or timestamp of DuckDB's `infinity`, which reads as a greatest one, -1 for
    /// `-infinity`, which reads as a least one; otherwise 0.
    int infinity(std::size_t column) const;

    /// Any readable kind; monostate for null and for `other`.
    Value value(std::size_t column) const;

private:
    friend class Connection;
    struct State;
    explicit Rows(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace bassline::duck
