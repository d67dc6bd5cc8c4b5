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

TEST(Values, a_text_is_utf8) {
    CLI::App app;
    std::string producer;
    add_text_option(app, "--producer", producer, "");
    app.parse("--producer caf\xc3\xa9");
    EXPECT_EQ(producer, "caf\xc3\xa9");
    EXPECT_THROW(app.parse("--producer caf\xe9"), CLI::ValidationError);
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

TEST(Values, times_are_dates_or_instants_of_utc) {
    EXPECT_EQ(format_rfc3339(parse_time("2025-03-14").value()), "2025-03-14T00:00:00.000000Z");
    EXPECT_EQ(format_rfc3339(parse_time("2025-03-14T23:50:01Z").value()),
              "2025-03-14T23:50:01.000000Z");
    for (const char* text : {"", "2025", "2025-3-14", "2025-02-29", "2025-03-14T24:00:00Z",
                             "2025-03-14 08:00:00", "2025-03-14T08:00:00", "yesterday"}) {
        const auto parsed = parse_time(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find("2025-03-14T08:00:00Z"), std::string::npos) << text;
    }
}

TEST(Values, a_word_that_is_no_choice_is_refused_with_the_choices_in_their_order) {
    enum class Size { small, large };
    Size size = Size::small;
    CLI::App app;
    add_choice_option(app, "--size", size, {{"small", Size::small}, {"large", Size::large}}, "");
    app.parse("--size large", false);
    EXPECT_EQ(size, Size::large);
    EXPECT_NE(app.help().find("{small,large}"), std::string::npos) << app.help();
    for (const char* line : {"--size huge", "--size 1", "--size Large"}) {
        try {
            app.parse(line, false);
            ADD_FAILURE() << line;
        } catch (const CLI::ValidationError& refused) {
            EXPECT_NE(std::string(refused.what()).find("not in {small,large}"), std::string::npos)
                << refused.what();
        }
    }
}

}  // namespace
}  // namespace bassline::cli
