// SPDX-License-Identifier: Apache-2.0
#include "event/text.hpp"

#include <gtest/gtest.h>

namespace bassline::event {
namespace {

TEST(RepairUtf8, LeavesAsciiAndTrimsOnlySpaces) {
    EXPECT_EQ(repair_utf8("Sugar Ray"), "Sugar Ray");
    EXPECT_EQ(repair_utf8("  a b "), "a b");
    EXPECT_EQ(repair_utf8("\ta\n"), "\ta\n");
    EXPECT_EQ(repair_utf8("   "), "");
    EXPECT_EQ(repair_utf8(""), "");
}

TEST(RepairUtf8, DecodesTextThatWasEncodedTwice) {
    EXPECT_EQ(repair_utf8("Bj\u00c3\u00b6rk"), "Bj\u00f6rk");
}

TEST(RepairUtf8, DecodesTextThatWasEncodedThreeTimes) {
    EXPECT_EQ(repair_utf8("Bj\u00c3\u0083\u00c2\u00b6rk"), "Bj\u00f6rk");
}

TEST(RepairUtf8, StopsAfterThreePasses) {
    std::string text = "\u00f6";
    auto encode_again = [](const std::string& bytes) {
        std::string out;
        for (const char c : bytes) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x80) {
                out += c;
            } else {
                out += static_cast<char>(0xC0 | byte >> 6);
                out += static_cast<char>(0x80 | (byte & 0x3F));
            }
        }
        return out;
    };
    const auto once = encode_again(text);
    EXPECT_EQ(repair_utf8(encode_again(encode_again(once))), "\u00f6");
    EXPECT_EQ(repair_utf8(encode_again(encode_again(encode_again(once)))), once);
}

TEST(RepairUtf8, LeavesCorrectTextAlone) {
    EXPECT_EQ(repair_utf8("Bj\u00f6rk"), "Bj\u00f6rk");                    // \xF6 r is not UTF-8
    EXPECT_EQ(repair_utf8("\u6771\u4eac"), "\u6771\u4eac");                // over U+00FF
    EXPECT_EQ(repair_utf8("\u00c3\u00b6 \u6771"), "\u00c3\u00b6 \u6771");  // one over U+00FF
}

TEST(RepairUtf8, MakesCjkAndEmojiWhole) {
    EXPECT_EQ(repair_utf8("\u00e6\u009d\u00b1"), "\u6771");
    EXPECT_EQ(repair_utf8("\u00f0\u009f\u008e\u00b5"), "\U0001F3B5");
}

TEST(Unescape, KnowsEveryEscape) {
    EXPECT_EQ(unescape(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(unescape(R"(a\u0041\u00e9\u6771b)"),
              "aA\u00e9\u6771"
              "b");
    EXPECT_EQ(unescape(R"(\u0000)"), std::string(1, '\0'));
    EXPECT_EQ(unescape(R"(\u00E9\uABCD)"), "\u00e9\uabcd");
}

TEST(Utf8Prefix, NeverCutsACharacter) {
    EXPECT_EQ(utf8_prefix("a\u00e9", 2), "a");
    EXPECT_EQ(utf8_prefix("a\u00e9", 3), "a\u00e9");
    EXPECT_EQ(utf8_prefix("\u6771\u4eac", 5), "\u6771");
    EXPECT_EQ(utf8_prefix("\u6771", 0), "");
}

}  // namespace
}  // namespace bassline::event
