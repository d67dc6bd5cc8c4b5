// SPDX-License-Identifier: Apache-2.0
#include "pipeline/monitor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bassline::pipeline {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

TEST(Monitor, each_stage_has_a_line_that_fits_a_terminal_and_failures_come_first_while_they_last) {
    Monitor monitor;
    const auto lines = [&monitor] { return to_lines(monitor.view(SourceView{.now_s = 86'400})); };
    EXPECT_THAT(lines(), ElementsAre("simulate 1970-01-02T00:00Z (0x), 0 events/s",
                                     "ingest   0/s, 0 rows, 0 refused, 0.0 MB behind",
                                     "build    0.0 s, 0 done, 0 failed, 0 compactions",
                                     "charts   snapshot 0, 0.0 s behind"));
    monitor.build_failed();
    EXPECT_THAT(lines().front(), StartsWith("FAILED   1 builds in a row"));
    monitor.build_ended({.outcome = models::BuildOutcome::published});
    EXPECT_THAT(lines().front(), StartsWith("simulate"));
    EXPECT_EQ(monitor.view({}).failed_builds, 1U) << "which is still told";
}

}  // namespace
}  // namespace bassline::pipeline
