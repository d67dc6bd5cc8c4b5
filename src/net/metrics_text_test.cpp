// SPDX-License-Identifier: Apache-2.0
#include "net/metrics_text.hpp"

#include <array>

#include <gtest/gtest.h>

namespace bassline::net {
namespace {

TEST(MetricsText, samples_stand_under_their_family_with_labels_escaped) {
    MetricsText text;
    text.begin("bassline_reads_total", MetricType::counter, "Reads.");
    text.add({{"topic", "a\"b\\c\nd"}, {"partition", "0"}}, 12'345'678);
    text.add_single("bassline_age_seconds", MetricType::gauge, "Age.", 0.5);
    EXPECT_EQ(text.take(),
              "# HELP bassline_reads_total Reads.\n"
              "# TYPE bassline_reads_total counter\n"
              "bassline_reads_total{topic=\"a\\\"b\\\\c\\nd\",partition=\"0\"} 12345678\n"
              "# HELP bassline_age_seconds Age.\n"
              "# TYPE bassline_age_seconds gauge\n"
              "bassline_age_seconds 0.5\n");
}

TEST(MetricsText, a_histogram_counts_up_to_each_bound) {
    static constexpr std::array<double, 2> kBounds = {0.1, 1};
    Histogram histogram(kBounds);
    for (const double value : {0.1, 0.5, 7.0}) histogram.observe(value);
    MetricsText text;
    text.begin("bassline_commit_duration_seconds", MetricType::histogram, "Commits.");
    text.add({{"chain", "c"}}, histogram);
    EXPECT_EQ(text.take(),
              "# HELP bassline_commit_duration_seconds Commits.\n"
              "# TYPE bassline_commit_duration_seconds histogram\n"
              "bassline_commit_duration_seconds_bucket{chain=\"c\",le=\"0.1\"} 1\n"
              "bassline_commit_duration_seconds_bucket{chain=\"c\",le=\"1\"} 2\n"
              "bassline_commit_duration_seconds_bucket{chain=\"c\",le=\"+Inf\"} 3\n"
              "bassline_commit_duration_seconds_sum{chain=\"c\"} 7.6\n"
              "bassline_commit_duration_seconds_count{chain=\"c\"} 3\n");
}

}  // namespace
}  // namespace bassline::net
