// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_estimate.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

constexpr std::int64_t kMondayS = 1'756'684'800;  // 2025-09-01, Labor Day

Estimate of_stock(EstimateInput input) {
    if (input.from_s == 0) input.from_s = kMondayS;
    return estimate(load_configuration("stock").value(), input).value();
}

// Means over twelve runs of the original; its totals differ by 3.5 % from seed to seed.
TEST(Estimate, FitsTheOriginalsRunsOverSixtyDays) {
    const Estimate sixty = of_stock({.users = 2000, .days = 60, .compat = true});
    EXPECT_NEAR(sixty.page_views, 335'866, 0.03 * 335'866);
    EXPECT_NEAR(sixty.listens, 285'579, 0.03 * 285'579);
    EXPECT_NEAR(sixty.sessions, 38'085, 0.03 * 38'085);
    EXPECT_NEAR(sixty.status_changes, 242.5, 0.07 * 242.5);
    EXPECT_DOUBLE_EQ(sixty.users_at_end, 2000);
}

TEST(Estimate, AYearHasMorePaidUsersThanAQuarter) {
    const Estimate year = of_stock({.users = 5000, .days = 365, .compat = true});
    EXPECT_NEAR(year.page_views / 5000 / 365, 3.9, 0.15);
    EXPECT_NEAR(year.sessions / 5000 / 365, 0.29, 0.015);
    const Estimate quarter = of_stock({.users = 5000, .days = 92, .compat = true});
    EXPECT_NEAR(quarter.page_views / 5000 / 92, 2.9, 0.15);
}

TEST(Estimate, GrowthAddsUsersAndTheirEvents) {
    const Estimate still = of_stock({.users = 1000, .days = 100});
    const Estimate grown = of_stock({.users = 1000, .days = 100, .growth_rate = 1});
    EXPECT_NEAR(grown.users_at_end, 1000 * std::exp(100 / 365.25), 1e-6);
    EXPECT_GT(grown.page_views, still.page_views * 1.02);
    EXPECT_LT(grown.page_views, still.page_views * grown.users_at_end / 1000);
}

TEST(Estimate, AttritionTakesUsersAway) {
    const Estimate still = of_stock({.users = 1000, .days = 365});
    const Estimate left = of_stock({.users = 1000, .days = 365, .attrition_rate = 1});
    EXPECT_LT(left.sessions, still.sessions * 0.7);
    EXPECT_GT(left.sessions, still.sessions * 0.4);
}

TEST(Estimate, FollowsTheCalendar) {
    constexpr std::int64_t kDay = 86'400;
    const auto day = [](std::int64_t n) {
        return of_stock({.users = 1000, .from_s = kMondayS + n * kDay, .days = 1}).page_views;
    };
    double week = 0;
    for (std::int64_t n = 7; n < 14; ++n) week += day(n);
    EXPECT_NEAR(of_stock({.users = 1000, .from_s = kMondayS + 7 * kDay, .days = 7}).page_views,
                week, 0.05 * week);
    EXPECT_LT(day(0), 0.8 * day(7));   // a holiday
    EXPECT_LT(day(12), 0.8 * day(9));  // a Saturday and a Wednesday
    const auto hours = [](std::int64_t from, double count) {
        const std::int64_t from_s = kMondayS + 8 * kDay + from * 3600;
        return of_stock({.users = 1000, .from_s = from_s, .days = count / 24}).page_views;
    };
    EXPECT_GT(hours(14, 4), 1.5 * hours(2, 4));
}

TEST(Estimate, BotsAreWorthManyPeople) {
    const double people = of_stock({.users = 1000, .days = 10}).page_views;
    const double bots = of_stock({.users = 1000, .days = 10, .bots = 1}).page_views;
    EXPECT_GT(bots, 20 * people);
    EXPECT_NEAR(of_stock({.users = 1000, .days = 10, .bots = 0.1}).page_views,
                0.9 * people + 0.1 * bots, 1);
}

TEST(Estimate, NothingComesOfNoDays) {
    const Estimate none = of_stock({.users = 1000, .days = 0});
    EXPECT_NEAR(none.page_views, 0, 1e-6);
}

TEST(Estimate, UsersWhoLeaveAtOnceBringLittleAndNotNone) {
    const Estimate leaving = of_stock({.users = 1000, .days = 30, .attrition_rate = 2000});
    EXPECT_GT(leaving.page_views, 0);
    EXPECT_LT(leaving.page_views, 0.2 * of_stock({.users = 1000, .days = 30}).page_views);
}

}  // namespace
}  // namespace bassline::simulator
