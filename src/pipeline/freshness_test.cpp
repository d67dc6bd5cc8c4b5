// SPDX-License-Identifier: Apache-2.0
#include "pipeline/freshness.hpp"

#include <gtest/gtest.h>

namespace bassline::pipeline {
namespace {

using std::chrono::seconds;

const Freshness::Instant kStart{};

TEST(Freshness, says_nothing_before_the_first_chart) {
    Freshness freshness;
    freshness.appended(100, kStart);
    const auto report = freshness.report(kStart + seconds(7));
    EXPECT_FALSE(report.p99_s);
    EXPECT_DOUBLE_EQ(report.oldest_waiting_s, 7);
}

TEST(Freshness, is_the_time_from_each_append_to_the_chart_that_shows_it) {
    Freshness freshness;
    for (std::int64_t second = 0; second < 100; ++second) {
        freshness.appended(1000 * second, kStart + seconds(second));
    }
    freshness.shown(49'000, kStart + seconds(100));
    const auto report = freshness.report(kStart + seconds(101));
    EXPECT_EQ(report.samples, 50U);
    EXPECT_DOUBLE_EQ(*report.max_s, 100);
    EXPECT_DOUBLE_EQ(*report.p50_s, 75);
    EXPECT_DOUBLE_EQ(report.oldest_waiting_s, 51);
}

TEST(Freshness, an_append_without_a_newer_event_is_no_sample) {
    Freshness freshness;
    freshness.appended(5, kStart);
    freshness.appended(5, kStart + seconds(1));
    freshness.shown(5, kStart + seconds(2));
    EXPECT_EQ(freshness.report(kStart).samples, 1U);
}

}  // namespace
}  // namespace bassline::pipeline
