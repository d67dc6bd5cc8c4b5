// SPDX-License-Identifier: Apache-2.0
#include "ingest/interner.hpp"

#include <random>
#include <string>
#include <unordered_map>

#include <gtest/gtest.h>

#include "event/text.hpp"

namespace bassline::ingest {
namespace {

// Interns from a buffer that ends with the padding, so that ASan sees every overrun.
std::uint32_t intern(Interner& interner, const std::string& text, bool escaped = false) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::unique_ptr<char[]> padded(new char[size + event::kTextPadding]);
    text.copy(padded.get(), size);
    std::fill_n(padded.get() + size, event::kTextPadding, '?');
    return interner.code({padded.get(), size, escaped});
}

TEST(Interner, EqualTextsShareACodeAndOthersDoNot) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Interner interner;
    std::unordered_map<std::string, std::uint32_t> codes;
    for (int i = 0; i < 50'000; ++i) {
        std::string text(random() % (i % 2 == 0 ? 4 : 140), ' ');
        for (char& c : text) c = static_cast<char>('a' + random() % 3);
        const auto code = intern(interner, text);
        const auto [known, fresh] = codes.try_emplace(text, code);
        ASSERT_EQ(known->second, code) << text;
        ASSERT_EQ(interner.values()[code], text);
    }
    EXPECT_EQ(interner.values().size(), codes.size());
}

TEST(Interner, TwoSpellingsOfAValueShareItsCode) {
    Interner interner;
    const auto plain = intern(interner, "caf\u00e9");
    EXPECT_EQ(intern(interner, "caf\\u00e9", true), plain);
    EXPECT_EQ(intern(interner, "caf\\u00E9", true), plain);
    EXPECT_EQ(interner.values().size(), 1u);
}

TEST(Interner, AnEscapeAndTheSameBytesAsAValueDiffer) {
    Interner interner;
    const auto escaped = intern(interner, "a\\nb", true);
    const auto literal = intern(interner, "a\\nb", false);
    EXPECT_NE(escaped, literal);
    EXPECT_EQ(interner.values()[escaped], "a\nb");
    EXPECT_EQ(interner.values()[literal], "a\\nb");
}

TEST(Interner, ClearForgetsEverythingAndGivesMemoryBack) {
    Interner interner;
    const auto empty = interner.bytes();
    for (int i = 0; i < 10'000; ++i) intern(interner, std::to_string(i));
    EXPECT_GT(interner.bytes(), 10'000u * 24);
    interner.clear();
    EXPECT_EQ(interner.bytes(), empty);
    EXPECT_TRUE(interner.values().empty());
    EXPECT_EQ(intern(interner, "x"), 0u);
}

}  // namespace
}  // namespace bassline::ingest
