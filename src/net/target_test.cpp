// SPDX-License-Identifier: Apache-2.0
#include "net/target.hpp"

#include <gtest/gtest.h>

namespace bassline::net {
namespace {

TEST(Target, path_and_query_are_decoded_once) {
    const auto target = parse_target("/api/v1/charts/top%20songs?from=2025-01-01&x=a%2Bb+c&y&=z");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/api/v1/charts/top songs");
    const Query expected = {{"from", "2025-01-01"}, {"x", "a+b c"}, {"y", ""}, {"", "z"}};
    EXPECT_EQ(target->query, expected);
    EXPECT_EQ(parse_target("/%2525")->path, "/%25");
    EXPECT_EQ(parse_target("/")->path, "/");
}

TEST(Target, no_encoding_leads_out_of_a_path) {
    for (const char* hostile : {"/../etc/passwd", "/a/../b",   "/.",      "/a/.",   "/%2e%2e/x",
                                "/%2E%2e",        "/.%2e",     "/a%2fb",  "/a%5cb", "/a\\..\\b",
                                "/%00",           "/a%0d%0ab", "/%7f",    "/%",     "/%2",
                                "/%zz",           "/%+1",      "*",       "",       "a",
                                "http://x/",      "/a?b=%zz",  "/a?b=%00"}) {
        EXPECT_FALSE(parse_target(hostile)) << hostile;
    }
}

TEST(Target, a_slash_more_is_another_path) {
    EXPECT_EQ(parse_target("//")->path, "//");
    EXPECT_EQ(parse_target("/a/")->path, "/a/");
}

}  // namespace
}  // namespace bassline::net
