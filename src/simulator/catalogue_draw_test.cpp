// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_draw.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

// Shares of draws over an even grid of u and v, which is exact up to the grid.
template <class Draw>
std::vector<double> shares(std::size_t count, const Draw& draw) {
    constexpr int kGrid = 1000;
    std::vector<double> result(count);
    for (int i = 0; i < kGrid; ++i) {
        for (int j = 0; j < kGrid; ++j) {
            const double u = (i + 0.5) / kGrid;
            const double v = (j + 0.5) / kGrid;
            result[draw(u, v)] += 1.0 / kGrid / kGrid;
        }
    }
    return result;
}

TEST(WeightedDraw, DrawsEachIndexAsOftenAsItsWeightSays) {
    const std::vector<std::uint32_t> weights = {700, 0, 200, 40, 50, 10};
    const WeightedDraw draw(weights);
    const auto found = shares(weights.size(), [&](double u, double v) { return draw.draw(u, v); });
    for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(found[i], weights[i] / 1e3, 2e-3);
}

TEST(WeightedDraw, StaysInsideForTheLargestUniform) {
    const std::vector<std::uint32_t> weights(88'799, 1);
    const double most = std::nextafter(1.0, 0.0);
    EXPECT_EQ(WeightedDraw(weights).draw(most, most), weights.size() - 1);
}

TEST(WeightedDraw, OneIndexIsAlwaysDrawn) {
    const std::vector<std::uint32_t> weights = {3};
    EXPECT_EQ(WeightedDraw(weights).draw(0.99, 0.99), 0u);
}

}  // namespace
}  // namespace bassline::simulator
