// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_times.hpp"

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

TEST(HourlyStartShares, AreAsPublishedForTheStockDamping) {
    constexpr std::array<double, 24> kPublished = {
        .0271, .0265, .0263, .0263, .0265, .0271, .0280, .0293, .0312, .0338, .0377, .0435,
        .0531, .0698, .0938, .0937, .0699, .0531, .0435, .0377, .0338, .0312, .0293, .0280};
    const auto shares = hourly_start_shares(0.09375);
    for (std::size_t hour = 0; hour < 24; ++hour) {
        EXPECT_NEAR(shares[hour], kPublished[hour], 0.01 * kPublished[hour]) << hour;
    }
}

TEST(HourlyStartShares, AreEvenWithoutDamping) {
    for (const double share : hourly_start_shares(0)) EXPECT_DOUBLE_EQ(share, 1.0 / 24);
}

TEST(StartShares, FreeDaysHaveHalfAndTheRampReachesIntoTheirNeighbours) {
    using namespace std::chrono_literals;
    const Configuration stock = load_configuration("stock").value();
    const Date monday = std::chrono::sys_days{2025y / 9 / 8};
    const auto shares =
        start_shares_by_hour(hourly_start_shares(stock.damping), weekend_damping_of(stock, true),
                             {}, monday, monday + std::chrono::days{7});
    ASSERT_EQ(shares.size(), 7u * 24);
    const auto of_hour = [&](std::size_t day, std::size_t hour) { return shares[24 * day + hour]; };
    EXPECT_NEAR(of_hour(5, 12) / of_hour(2, 12), 0.5, 1e-9);
    EXPECT_NEAR(of_hour(4, 22) / of_hour(2, 22), 1 - 0.125, 1e-9);  // a quarter into the ramp
    EXPECT_NEAR(of_hour(0, 0) / of_hour(2, 0), 1 - 0.5 * 2.5 / 6, 1e-9);
    EXPECT_NEAR(of_hour(5, 0) / of_hour(2, 0), 1 - 0.5 * 3.5 / 6, 1e-9);
}

TEST(StartShares, GrowWithThePopulation) {
    using namespace std::chrono_literals;
    const Configuration stock = load_configuration("stock").value();
    const Date tuesday = std::chrono::sys_days{2025y / 9 / 9};
    const auto shares =
        start_shares_by_hour(hourly_start_shares(stock.damping), weekend_damping_of(stock, true),
                             {.rate = 2}, tuesday, tuesday + std::chrono::days{8});
    EXPECT_NEAR(shares[7 * 24 + 12] / shares[12], std::exp(2 * 7 / 365.25), 1e-9);
}

TEST(DroppedShare, IsTheWeekendsAndHolidaysPart) {
    const Configuration stock = load_configuration("stock").value();
    EXPECT_NEAR(dropped_share(stock, false), 0.5 * (104.0 + 10) / 364, 0.005);
    EXPECT_NEAR(dropped_share(stock, true), 0.5 * (104.0 + 7) / 364, 0.005);
}

TEST(Gaps, AreGeometricGivenTheUserAndLognormalBetweenUsers) {
    EXPECT_NEAR(mean_whole_gap(1e6), 1e6 - 0.5, 0.01);
    EXPECT_NEAR(mean_over_users([](double x) { return x; }), 1, 1e-6);
    EXPECT_NEAR(mean_over_users([](double x) { return x * x; }), std::exp(1), 1e-4);
    EXPECT_NEAR(mean_over_users([](double x) { return x < 0.607 ? 1.0 : 0.0; }), 0.5, 0.01);
}

}  // namespace
}  // namespace bassline::simulator
