// SPDX-License-Identifier: Apache-2.0
#include "dashboard/date_range.hpp"

namespace bassline::dashboard {
namespace {

std::optional<int> number(std::string_view digits) {
    int value = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return value;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = number(text.substr(0, 4));
    const auto month = number(text.substr(5, 2));
    const auto day = number(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return Date(date);
}

DateRange intersection(const DateRange& one, const DateRange& other) {
    return {std::max(one.from, other.from), std::min(one.last, other.last)};
}

DateRange period_before(const DateRange& range) {
    return {range.from - std::chrono::days(range.days()), range.from - std::chrono::days(1)};
}

}  // namespace bassline::dashboard
