// SPDX-License-Identifier: Apache-2.0
#include "cli/values.hpp"

#include <gtest/gtest.h>

namespace bassline::cli {
namespace {

TEST(Values, sizes_take_binary_and_decimal_units) {
    EXPECT_EQ(parse_bytes("512MiB").value(), 512ULL << 20);
    EXPECT_EQ(parse_bytes("2GB").value(), 2'000'000'000ULL);
    EXPECT_EQ(parse_bytes("17").value(), 17ULL);
}

TEST(Values, a_size_that_is_no_size_is_refused_with_an_example) {
    for (const char* text : {"", "MiB", "-1", "1.5GiB", "1 GiB", "1mib", "99999999999999999999"}) {
        const auto parsed = parse_bytes(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find("512MiB"), std::string::npos) << text;
    }
    EXPECT_FALSE(parse_bytes("99999999999GiB"));
}

TEST(Values, durations_need_a_unit) {
    EXPECT_EQ(parse_duration("2s").value().count(), 2000);
    EXPECT_EQ(parse_duration("500ms").value().count(), 500);
    EXPECT_FALSE(parse_duration("2"));
}

}  // namespace
}  // namespace bassline::cli
