// SPDX-License-Identifier: Apache-2.0
#include "simulator/calendar.hpp"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

std::vector<std::string> holidays_of(std::chrono::year year, HolidayRules rules) {
    std::vector<std::string> found;
    for (sys_days day{year / 1 / 1}; day < sys_days{(year + std::chrono::years{1}) / 1 / 1};
         day += std::chrono::days{1}) {
        if (is_holiday(day, rules)) found.push_back(format_date(day));
    }
    return found;
}

TEST(Calendar, KnowsTheHolidaysOf2025) {
    EXPECT_EQ(holidays_of(2025y, {}),
              (std::vector<std::string>{"2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26",
                                        "2025-06-19", "2025-07-04", "2025-09-01", "2025-10-13",
                                        "2025-11-11", "2025-11-27", "2025-12-25"}));
}

TEST(Calendar, HasJuneteenthFrom2021On) {
    EXPECT_FALSE(is_holiday(sys_days{2020y / 6 / 19}, {}));
    EXPECT_TRUE(is_holiday(sys_days{2021y / 6 / 19}, {}));
}

// Its runs have as many starts on Columbus Day as on any Monday.
TEST(Calendar, TheOriginalsKnowsSevenHolidays) {
    EXPECT_EQ(holidays_of(2025y, {.only_originals = true}),
              (std::vector<std::string>{"2025-01-01", "2025-05-26", "2025-07-04", "2025-09-01",
                                        "2025-11-11", "2025-11-27", "2025-12-25"}));
}

TEST(Calendar, DoesNotMoveAHolidayOffTheWeekend) {
    EXPECT_TRUE(is_holiday(sys_days{2026y / 7 / 4}, {}));  // a Saturday
    EXPECT_FALSE(is_holiday(sys_days{2026y / 7 / 3}, {}));
}

// The stock ramp: offset 3 h, 6 h long, to one half.
double damping_at(sys_days day, std::chrono::minutes time) {
    const WeekendDamping damping{.share = 0.5, .offset_s = 10'800, .scale_s = 21'600};
    return damping.at(std::chrono::seconds(day.time_since_epoch() + time).count());
}

TEST(WeekendDamping, RisesFromThreeHoursBeforeAFreeDayToThreeHoursIntoIt) {
    const sys_days friday{2025y / 9 / 5};
    EXPECT_DOUBLE_EQ(damping_at(friday, 12h), 0);
    EXPECT_DOUBLE_EQ(damping_at(friday, 21h), 0);
    EXPECT_DOUBLE_EQ(damping_at(friday, 22h + 30min), 0.125);
    EXPECT_DOUBLE_EQ(damping_at(friday, 24h), 0.25);
    EXPECT_DOUBLE_EQ(damping_at(friday, 27h), 0.5);
    EXPECT_DOUBLE_EQ(damping_at(friday, 48h), 0.5);
}

TEST(WeekendDamping, FallsFromThreeHoursBeforeItsEndToThreeHoursAfterIt) {
    const sys_days sunday{2025y / 9 / 14};
    EXPECT_DOUBLE_EQ(damping_at(sunday, 21h), 0.5);
    EXPECT_DOUBLE_EQ(damping_at(sunday, 24h), 0.25);
    EXPECT_DOUBLE_EQ(damping_at(sunday, 25h + 30min), 0.125);
    EXPECT_DOUBLE_EQ(damping_at(sunday, 27h), 0);
    EXPECT_DOUBLE_EQ(damping_at(sunday, 36h), 0);
}

TEST(WeekendDamping, TakesAWeekendAndTheHolidayBehindItForOne) {
    const sys_days labor_day{2025y / 9 / 1};
    EXPECT_DOUBLE_EQ(damping_at(labor_day, 0min), 0.5);
    EXPECT_DOUBLE_EQ(damping_at(labor_day, 12h), 0.5);
    EXPECT_DOUBLE_EQ(damping_at(labor_day, 24h), 0.25);
}

TEST(WeekendDamping, BothRampsMeetOnASingleFreeDay) {
    const sys_days veterans_day{2025y / 11 / 11};  // a Tuesday
    EXPECT_DOUBLE_EQ(damping_at(veterans_day, 0min), 0.25);
    EXPECT_DOUBLE_EQ(damping_at(veterans_day, 12h), 0.5);
    EXPECT_DOUBLE_EQ(damping_at(veterans_day, 24h), 0.25);
}

TEST(WeekendDamping, WorksBefore1970) {
    EXPECT_DOUBLE_EQ(damping_at(sys_days{1969y / 12 / 27}, 12h), 0.5);  // a Saturday
    EXPECT_DOUBLE_EQ(damping_at(sys_days{1969y / 12 / 23}, 12h), 0);
}

}  // namespace
}  // namespace bassline::simulator
