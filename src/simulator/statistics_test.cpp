// SPDX-License-Identifier: Apache-2.0
#include "simulator/statistics.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

// Critical values as tables of the distribution print them.
TEST(ChiSquaredTail, HasTheTabulatedCriticalValues) {
    EXPECT_NEAR(chi_squared_tail(3.841, 1), 0.05, 1e-4);
    EXPECT_NEAR(chi_squared_tail(10.828, 1), 0.001, 1e-5);
    EXPECT_NEAR(chi_squared_tail(2.706, 1), 0.10, 1e-4);
    EXPECT_NEAR(chi_squared_tail(18.307, 10), 0.05, 1e-4);
    EXPECT_NEAR(chi_squared_tail(3.940, 10), 0.95, 1e-4);
    EXPECT_NEAR(chi_squared_tail(124.342, 100), 0.05, 1e-4);
    EXPECT_EQ(chi_squared_tail(0, 5), 1);
    EXPECT_NEAR(chi_squared_tail(2 * std::log(1e9), 2), 1e-9, 1e-14);
}

TEST(NormalTwoTails, HasTheTabulatedCriticalValues) {
    EXPECT_NEAR(normal_two_tails(1.959964), 0.05, 1e-6);
    EXPECT_NEAR(normal_two_tails(-3.290527), 0.001, 1e-6);
}

TEST(Sample, KnowsMeanAndError) {
    Sample sample;
    for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) sample.add(value);
    EXPECT_DOUBLE_EQ(sample.mean(), 5);
    EXPECT_NEAR(sample.standard_deviation(), std::sqrt(32.0 / 7), 1e-12);
    EXPECT_NEAR(sample.standard_error(), std::sqrt(32.0 / 7 / 8), 1e-12);
}

TEST(ChiSquared, SumsTablesAndTakesRareCellsTogether) {
    ChiSquared test;
    test.add_table({60, 40}, {50, 50});
    EXPECT_DOUBLE_EQ(test.value(), 4);
    EXPECT_DOUBLE_EQ(test.degrees_of_freedom(), 1);
    test.add_table({90, 4, 6}, {92, 4, 4});
    EXPECT_NEAR(test.value(), 4 + 4.0 / 92 + 4.0 / 8, 1e-12);
    EXPECT_DOUBLE_EQ(test.degrees_of_freedom(), 2);
    EXPECT_NEAR(test.distance(), (20.0 + 4) / 400, 1e-12);
    EXPECT_GT(test.p(2), test.p());
}

TEST(ChiSquared, OneCellSaysNothing) {
    ChiSquared test;
    test.add_table({100}, {100});
    EXPECT_EQ(test.degrees_of_freedom(), 0);
    EXPECT_EQ(test.p(), 1);
}

}  // namespace
}  // namespace bassline::simulator
