// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dashboard/gold.hpp"

// The tiles at the top of the page: one figure a subject, the same of the period before, and its
// course by day. Pure.
namespace bassline::dashboard {

struct Tile {
    std::string_view id;
    std::string_view title;
    std::string_view unit;  // "plays", "users", "h", "s", "share"
    std::string_view definition;
    std::optional<double> value;     // none: nothing to divide by
    std::optional<double> compared;  // of `compared_days`; none: nothing to compare or to divide by
    std::optional<double> previous;  // of the period before those; none: the data does not reach it
    std::vector<std::optional<double>> by_day;
};

/// The days of a range that are compared with as many before: without the incomplete one, whose
/// figures would look like a fall. Empty if there is no other.
DateRange compared_days(const Gold& gold, const DateRange& range);

/// Plays, active listeners, hours listened, mean session, paid share, error ratio of the range.
std::vector<Tile> summarise(const Gold& gold, const DateRange& range);

}  // namespace bassline::dashboard
