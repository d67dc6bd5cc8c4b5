// SPDX-License-Identifier: Apache-2.0
#include "base/failpoint.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace bassline {
namespace {

TEST(Failpoint, an_armed_place_fails_the_nth_time_only) {
    ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", "somewhere=eio@2", 1), 0);
    ASSERT_TRUE(arm_failpoints_from_environment());
    EXPECT_TRUE(failpoint("somewhere"));
    EXPECT_TRUE(failpoint("elsewhere"));
    EXPECT_EQ(failpoint("somewhere").error().kind, ErrorKind::io);
    EXPECT_TRUE(failpoint("somewhere"));
    failpoints_armed = false;
}

TEST(Failpoint, arming_again_forgets_what_was_armed) {
    ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", "somewhere=eio", 1), 0);
    ASSERT_TRUE(arm_failpoints_from_environment());
    ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", "elsewhere=eio", 1), 0);
    ASSERT_TRUE(arm_failpoints_from_environment());
    EXPECT_TRUE(failpoint("somewhere"));
    EXPECT_FALSE(failpoint("elsewhere"));
    failpoints_armed = false;
}

TEST(Failpoint, an_unknown_action_is_a_configuration_error) {
    ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", "somewhere=explode", 1), 0);
    EXPECT_EQ(arm_failpoints_from_environment().error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace bassline
