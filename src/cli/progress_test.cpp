// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace bassline::cli {
namespace {

TEST(Progress, says_share_bytes_rate_and_time_left) {
    EXPECT_EQ(progress_text(25'000'000, 100'000'000, 2'000'000, 2.0),
              " 25 %  25.0 of 100.0 MB  1,000,000 events/s  6 s left");
}

TEST(Progress, of_a_stream_only_what_was_read_is_known) {
    EXPECT_EQ(progress_text(1'500'000, 0, 900, 2.0), "1.5 MB  450 events/s");
}

TEST(Progress, before_the_first_byte_nothing_is_promised) {
    EXPECT_EQ(progress_text(0, 100'000'000, 0, 0.0), "  0 %  0.0 of 100.0 MB  0 events/s");
}

}  // namespace
}  // namespace bassline::cli
