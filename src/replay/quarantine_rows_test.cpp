// SPDX-License-Identifier: Apache-2.0
#include "replay/quarantine_rows.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/test_folder.hpp"

namespace bassline::replay {
namespace {

TEST(QuarantineRows, two_readers_at_once_spill_apart_and_leave_nothing) {
    const std::string scratch = make_test_folder("quarantine-rows");
    {
        const QuarantineRows one = QuarantineRows::open(64u << 20, scratch).value();
        const QuarantineRows other = QuarantineRows::open(64u << 20, scratch).value();
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch), {}), 2);
    }
    EXPECT_TRUE(std::filesystem::is_empty(scratch));
    std::filesystem::remove_all(scratch);
}

}  // namespace
}  // namespace bassline::replay
