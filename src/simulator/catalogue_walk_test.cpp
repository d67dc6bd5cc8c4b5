// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_walk.hpp"

#include <random>

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

// Shares of visits over a long walk, and how often a step stayed.
struct Visits {
    std::vector<double> shares;
    int stays = 0;
};

Visits walk(const GroupWalk& steps, std::size_t count, std::uint32_t at) {
    constexpr int kSteps = 400'000;
    std::mt19937_64 engine(7);
    std::uniform_real_distribution<double> uniform;
    Visits visits{.shares = std::vector<double>(count)};
    for (int i = 0; i < kSteps; ++i) {
        const double u = uniform(engine);
        const std::uint32_t next = steps.step(at, u, uniform(engine));
        visits.stays += next == at ? 1 : 0;
        at = next;
        visits.shares[at] += 1.0 / kSteps;
    }
    return visits;
}

TEST(GroupWalk, VisitsEachIndexOfItsGroupByWeightAndNeverStays) {
    const std::vector<std::uint32_t> groups = {1, 0, 1, 0, 1, 1};
    const std::vector<double> weights = {10, 5, 30, 15, 20, 40};
    const GroupWalk steps(groups, weights, 2);
    const Visits visits = walk(steps, groups.size(), 4);
    const std::vector<double> expected = {0.1, 0, 0.3, 0, 0.2, 0.4};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        EXPECT_NEAR(visits.shares[i], expected[i], 3e-3) << i;
    }
    EXPECT_EQ(visits.stays, 0);
}

TEST(GroupWalk, StaysOnlyWhereOneIndexHasMoreThanHalf) {
    const std::vector<std::uint32_t> groups = {0, 0, 0};
    const std::vector<double> weights = {80, 15, 5};
    const Visits visits = walk(GroupWalk(groups, weights, 1), 3, 0);
    EXPECT_NEAR(visits.shares[0], 0.80, 3e-3);
    EXPECT_NEAR(visits.shares[2], 0.05, 2e-3);
    EXPECT_GT(visits.stays, 0);
}

TEST(GroupWalk, TwoOfOneWeightTakeTurns) {
    const std::vector<std::uint32_t> groups = {0, 0};
    const std::vector<double> weights = {2, 2};
    const GroupWalk steps(groups, weights, 1);
    for (const double u : {0.0, 0.3, 0.999}) {
        EXPECT_EQ(steps.step(0, u, 0.5), 1u);
        EXPECT_EQ(steps.step(1, u, 0.5), 0u);
    }
}

TEST(GroupWalk, AnIndexAloneStays) {
    const std::vector<std::uint32_t> groups = {0};
    const std::vector<double> weights = {2};
    EXPECT_EQ(GroupWalk(groups, weights, 1).step(0, 0.5, 0.5), 0u);
}

}  // namespace
}  // namespace bassline::simulator
