// SPDX-License-Identifier: Apache-2.0
#include "dashboard/gold.hpp"

namespace bassline::dashboard {
namespace {

constexpr std::chrono::minutes kEndOfDay{5};

template <class Row>
void include(std::optional<DateRange>& range, const std::vector<Row>& rows) {
    if (rows.empty()) return;
    const DateRange own{rows.front().date, rows.back().date};
    if (!range) range = own;
    range->from = std::min(range->from, own.from);
    range->last = std::max(range->last, own.last);
}

}  // namespace

DateRange Gold::dates() const {
    std::optional<DateRange> range;
    include(range, user_days);
    include(range, status_days);
    include(range, session_days);
    include(range, level_days);
    return range.value_or(DateRange{Date{std::chrono::days(1)}, Date{}});
}

std::optional<Date> incomplete_day(const Gold& gold) {
    const auto day = std::chrono::floor<std::chrono::days>(gold.watermark);
    if (gold.watermark >= day + std::chrono::days(1) - kEndOfDay) return std::nullopt;
    return day;
}

}  // namespace bassline::dashboard
