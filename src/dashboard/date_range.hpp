// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

// Days of the UTC calendar from `from` to `last`, both inclusive, as people write them. Pure.
namespace bassline::dashboard {

struct DateRange {
    Date from{};
    Date last{};

    bool is_empty() const { return last < from; }
    int days() const { return is_empty() ? 0 : static_cast<int>((last - from).count()) + 1; }
    friend bool operator==(const DateRange&, const DateRange&) = default;
};

/// "2025-03-14", a day that exists, in the years 0000 to 9999; else none.
std::optional<Date> parse_date(std::string_view text);

/// The days in both; empty if there are none.
DateRange intersection(const DateRange& one, const DateRange& other);

/// The days just before a range, as many as it has.
DateRange period_before(const DateRange& range);

/// The rows of a range, from rows sorted by `date`.
template <class Row>
std::span<const Row> rows_within(const std::vector<Row>& rows, const DateRange& range) {
    const auto begin = std::lower_bound(rows.begin(), rows.end(), range.from,
                                        [](const Row& row, Date date) { return row.date < date; });
    const auto end = std::upper_bound(begin, rows.end(), range.last,
                                      [](Date date, const Row& row) { return date < row.date; });
    return {begin, end};
}

}  // namespace bassline::dashboard
