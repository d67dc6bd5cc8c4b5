// SPDX-License-Identifier: Apache-2.0
#include "simulator/calendar.hpp"

#include <algorithm>
#include <chrono>

#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

// Whether the day is the nth (from 1) of its weekday in its month.
bool is_nth(std::chrono::day day, unsigned nth) {
    return (static_cast<unsigned>(day) + 6) / 7 == nth;
}

// Holidays of the third Monday of January and the like.
bool is_floating_holiday(std::chrono::year_month_day date, std::chrono::weekday weekday,
                         HolidayRules rules) {
    const std::chrono::month month = date.month();
    const std::chrono::day day = date.day();
    if (month == std::chrono::November) {
        return weekday == std::chrono::Thursday && is_nth(day, 4);
    }
    if (weekday != std::chrono::Monday) return false;
    if (month == std::chrono::May) return static_cast<unsigned>(day) > 24;
    if (month == std::chrono::September) return is_nth(day, 1);
    if (rules.only_originals) return false;
    if (month == std::chrono::January || month == std::chrono::February) return is_nth(day, 3);
    return month == std::chrono::October && is_nth(day, 2);
}

bool is_fixed_holiday(std::chrono::year_month_day date, HolidayRules rules) {
    const std::chrono::month_day of_year{date.month(), date.day()};
    if (of_year == std::chrono::June / 19) {
        return !rules.only_originals && date.year() >= std::chrono::year{2021};
    }
    return of_year == std::chrono::January / 1 || of_year == std::chrono::July / 4 ||
           of_year == std::chrono::November / 11 || of_year == std::chrono::December / 25;
}

}  // namespace

bool is_holiday(Date date, HolidayRules rules) {
    const std::chrono::year_month_day calendar_day{date};
    return is_fixed_holiday(calendar_day, rules) ||
           is_floating_holiday(calendar_day, std::chrono::weekday{date}, rules);
}

bool is_free_day(Date date, HolidayRules rules) {
    const unsigned weekday = std::chrono::weekday{date}.iso_encoding();
    return weekday >= 6 || is_holiday(date, rules);
}

double WeekendDamping::at(std::int64_t epoch_s) const {
    if (share <= 0) return 0;
    const std::int64_t day = (epoch_s >= 0 ? epoch_s : epoch_s - (kDaySeconds - 1)) / kDaySeconds;
    const Date today{std::chrono::days{day}};
    const std::chrono::days one{1};
    const bool free_today = is_free_day(today, holidays);
    const bool free_yesterday = is_free_day(today - one, holidays);
    const bool free_tomorrow = is_free_day(today + one, holidays);
    if (free_today && free_yesterday && free_tomorrow) return share;

    const auto since_midnight = static_cast<double>(epoch_s - day * kDaySeconds);
    const double to_midnight = static_cast<double>(kDaySeconds) - since_midnight;
    const auto ramp = [this](double into) { return share * std::clamp(into / scale_s, 0.0, 1.0); };
    if (free_today) {
        const double rising = free_yesterday ? share : ramp(since_midnight + offset_s);
        const double falling = free_tomorrow ? share : ramp(to_midnight + offset_s);
        return std::min(rising, falling);
    }
    const double leaving = free_yesterday ? ramp(offset_s - since_midnight) : 0;
    const double entering = free_tomorrow ? ramp(offset_s - to_midnight) : 0;
    return std::max(leaving, entering);
}

}  // namespace bassline::simulator
