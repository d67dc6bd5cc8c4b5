// SPDX-License-Identifier: Apache-2.0
#include "cli/live_display.hpp"

#include <gtest/gtest.h>

namespace bassline::cli {
namespace {

TEST(LiveDisplay, redraws_each_line_in_place_and_goes_back_to_the_first) {
    EXPECT_EQ(redrawn({"one", "two", "three"}, {.rows = 24, .columns = 80}),
              "\rone\x1b[K\n\rtwo\x1b[K\n\rthree\x1b[K\x1b[J\r\x1b[2A");
    EXPECT_EQ(redrawn({"one"}, {.rows = 24, .columns = 80}), "\rone\x1b[K\x1b[J\r");
}

TEST(LiveDisplay, keeps_to_the_screen) {
    EXPECT_EQ(redrawn({"12345", "b", "c"}, {.rows = 2, .columns = 5}),
              "\r1234\x1b[K\n\rb\x1b[K\x1b[J\r\x1b[1A");
}

}  // namespace
}  // namespace bassline::cli
