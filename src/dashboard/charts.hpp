// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "dashboard/gold.hpp"
#include "dashboard/table.hpp"

// The charts: an id, what it means, and the pure function from gold and a range of dates to rows.
// The range is already cut to the dates there are; an empty one gives no rows.
namespace bassline::dashboard {

inline constexpr double kMsPerSecond = 1000.0;

struct Chart {
    std::string_view id;
    std::string_view title;
    std::string_view unit;
    std::string_view definition;  // what is counted, in one or two sentences
    std::string_view table;       // the gold table that it equals over the whole range
    Table (*compute)(const Gold& gold, const DateRange& range);
};

/// All charts, in the order of the page.
std::span<const Chart> charts();

/// None: null.
const Chart* find_chart(std::string_view id);

// One function a chart; the file is named after the subject.
Table daily_listens(const Gold& gold, const DateRange& range);       // listening_charts.cpp
Table top_songs(const Gold& gold, const DateRange& range);           // listening_charts.cpp
Table weekday_listening(const Gold& gold, const DateRange& range);   // listening_charts.cpp
Table daily_active_users(const Gold& gold, const DateRange& range);  // audience_charts.cpp
Table session_lengths(const Gold& gold, const DateRange& range);     // audience_charts.cpp
Table free_against_paid(const Gold& gold, const DateRange& range);   // audience_charts.cpp
Table status_codes(const Gold& gold, const DateRange& range);        // audience_charts.cpp

inline constexpr std::size_t kTopSongs = 20;

}  // namespace bassline::dashboard
