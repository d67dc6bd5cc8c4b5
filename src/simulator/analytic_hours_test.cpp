// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_hours.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "simulator/analytic_times.hpp"

namespace bassline::simulator {
namespace {

TEST(SettledStartShares, AreEvenWithoutDamping) {
    Configuration even = load_configuration("stock").value();
    even.damping = 0;
    const std::vector<SessionDuration> durations = {{.share = 1, .mean_s = 1800}};
    for (const double share : settled_start_shares(even, durations, 0.15)) {
        EXPECT_NEAR(share, 1.0 / 24, 1e-6);
    }
}

TEST(SettledStartShares, AreThePublishedOnesForUsersWhoAreAwayForLong) {
    Configuration seldom = load_configuration("stock").value();
    seldom.beta *= 1e4;
    const std::vector<SessionDuration> durations = {{.share = 1, .mean_s = 1800}};
    const auto shares = settled_start_shares(seldom, durations, 0);
    const auto published = hourly_start_shares(seldom.damping);
    for (std::size_t hour = 0; hour < 24; ++hour) {
        EXPECT_NEAR(shares[hour], published[hour], 0.01 * published[hour]) << hour;
    }
}

TEST(SettledStartShares, LagBehindThePublishedOnesForUsersAsTheyAre) {
    const Configuration stock = load_configuration("stock").value();
    const std::vector<SessionDuration> durations = {{.share = 0.74, .mean_s = 370},
                                                    {.share = 0.17, .mean_s = 6600},
                                                    {.share = 0.09, .mean_s = 3500}};
    const auto shares = settled_start_shares(stock, durations, 0.14);
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
    const auto published = hourly_start_shares(stock.damping);
    EXPECT_LT(shares[13], 0.97 * published[13]);
    EXPECT_GT(shares[18], 1.01 * published[18]);
}

}  // namespace
}  // namespace bassline::simulator
