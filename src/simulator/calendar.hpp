// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"

// When people have time off: weekends and the holidays of the United States, and how much that
// damps listening. Pure.
namespace bassline::simulator {

/// The federal holidays on their own day (one that falls on a weekend is not moved): New Year,
/// Martin Luther King, Presidents, Memorial, Juneteenth (from 2021 on), 4 July, Labor, Columbus,
/// Veterans, Thanksgiving, Christmas. The original's calendar leaves those to the states that not
/// all of them keep: Martin Luther King, Presidents, Columbus; and Juneteenth is younger than it.
struct HolidayRules {
    bool only_originals = false;
};
bool is_holiday(Date date, HolidayRules rules);

/// A Saturday, a Sunday or a holiday.
bool is_free_day(Date date, HolidayRules rules);

/// The probability that a session start is dropped because people have better to do.
///
/// It rises from 0 at (midnight - offset) into a free day to `share` a scale later, and falls back
/// to 0 at (midnight + offset) out of it; free days side by side are one.
struct WeekendDamping {
    double share = 0;     // 0..1
    double offset_s = 0;  // seconds
    double scale_s = 1;   // seconds, above 0
    HolidayRules holidays;

    /// `epoch_s`: seconds since 1970, UTC.
    double at(std::int64_t epoch_s) const;
};

}  // namespace bassline::simulator
