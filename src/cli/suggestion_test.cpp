// SPDX-License-Identifier: Apache-2.0
#include "cli/suggestion.hpp"

#include <gtest/gtest.h>

namespace bassline::cli {
namespace {

TEST(Suggestion, a_slip_finds_the_word_that_was_meant) {
    EXPECT_EQ(nearest("ingst", {"ingest", "build"}), "ingest");
    EXPECT_EQ(nearest("--lkae", {"--lake", "--from"}), "--lake");
}

TEST(Suggestion, a_word_like_nothing_gets_no_suggestion) {
    EXPECT_EQ(nearest("teleport", {"ingest", "build"}), "");
}

}  // namespace
}  // namespace bassline::cli
