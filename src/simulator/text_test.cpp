// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/json_text.hpp"
#include "simulator/prepared_text.hpp"
#include "simulator/time_text.hpp"

namespace bassline::simulator {
namespace {

TEST(JavaNumber, IsTheShortestDecimalWithAFraction) {
    EXPECT_EQ(java_number(210.33751F), "210.33751");
    EXPECT_EQ(java_number(200.0F), "200.0");
    EXPECT_EQ(java_number(0.1F), "0.1");
    EXPECT_EQ(java_number(0.0F), "0.0");
    EXPECT_EQ(java_number(-75.2782), "-75.2782");
    EXPECT_EQ(java_number(-71.0), "-71.0");
    EXPECT_EQ(java_number(0.1 + 0.2), "0.30000000000000004");
}

TEST(JavaNumber, HasAnExponentWhereJavaHasOne) {
    EXPECT_EQ(java_number(9999999.0F), "9999999.0");
    EXPECT_EQ(java_number(1e7F), "1.0E7");
    EXPECT_EQ(java_number(1.25e10), "1.25E10");
    EXPECT_EQ(java_number(0.001F), "0.001");
    EXPECT_EQ(java_number(0.0005F), "5.0E-4");
}

TEST(JsonText, EscapesAsJacksonDoes) {
    EXPECT_EQ(json_text("a\"b\\c/d"), "a\\\"b\\\\c/d");
    EXPECT_EQ(json_text("\n\t\b\f\r"), "\\n\\t\\b\\f\\r");
    EXPECT_EQ(json_text(std::string_view("\x01\x1f\x7f\0", 4)), "\\u0001\\u001F\x7f\\u0000");
    EXPECT_EQ(json_text("Björk 東京"), "Björk 東京");
}

TEST(EncodedTwice, IsWhatTheOriginalMakesOfUtf8) {
    EXPECT_EQ(encoded_twice("Björk"), "BjÃ¶rk");
    EXPECT_EQ(encoded_twice("plain"), "plain");
}

TEST(PutNumber, WritesAllLengthsOfNumbers) {
    char buffer[64];
    for (const std::uint64_t value :
         {0ULL, 7ULL, 10ULL, 99ULL, 100ULL, 12345ULL, 1756686804644ULL, ~0ULL}) {
        char* const end = put_number(buffer, value);
        EXPECT_EQ(std::string(buffer, end), std::to_string(value));
    }
}

TEST(TextStore, GivesPiecesThatMayBeCopiedInBlocks) {
    TextStore store;
    const std::string long_text(100, 'x');
    for (const std::string& text : {std::string("a"), std::string(), long_text}) store.add(text);
    store.close();
    char buffer[256];
    EXPECT_EQ(std::string(buffer, put(buffer, store[0])), "a");
    EXPECT_EQ(std::string(buffer, put(buffer, store[1])), "");
    EXPECT_EQ(std::string(buffer, put(buffer, store[2])), long_text);
    EXPECT_EQ(store.size_max(), 100u);
}

TEST(ParseTime, ReadsDatesLocalTimesAndRfc3339) {
    EXPECT_EQ(parse_time("2025-09-01").value(), 1'756'684'800'000);
    EXPECT_EQ(parse_time("2025-09-01T00:00:00").value(), 1'756'684'800'000);
    EXPECT_EQ(parse_time("2025-09-01T08:30").value(), 1'756'715'400'000);
    EXPECT_EQ(parse_time("2025-09-01T08:30:15.796Z").value(), 1'756'715'415'796);
    EXPECT_EQ(parse_time("2025-09-01T08:30:15.796123456Z").value(), 1'756'715'415'796);
    EXPECT_EQ(parse_time("2025-09-01T10:30:00+02:00").value(), 1'756'715'400'000);
    EXPECT_EQ(parse_time("2025-09-01 03:30:00-05:00").value(), 1'756'715'400'000);
}

TEST(ParseTime, RefusesWhatIsNone) {
    for (const char* text : {"", "today", "2025", "2025-13-01", "2025-02-30", "2025-9-1",
                             "2025-09-01T", "2025-09-01T24:00", "2025-09-01T08:30:61",
                             "2025-09-01T08:30:00.", "2025-09-01T08:30:00X", "2025-09-01Z"}) {
        EXPECT_FALSE(parse_time(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace bassline::simulator
