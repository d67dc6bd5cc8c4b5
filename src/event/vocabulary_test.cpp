// SPDX-License-Identifier: Apache-2.0
#include "event/vocabulary.hpp"

#include <bit>
#include <string>

#include <gtest/gtest.h>

namespace bassline::event {
namespace {

int find(Column column, std::string_view word, bool escaped = false) {
    const std::string padded = std::string(word) + std::string(kTextPadding, 'x');
    return vocabulary_of(column).find(
        {padded.data(), static_cast<std::uint32_t>(word.size()), escaped});
}

TEST(Vocabulary, every_word_is_found_at_its_place_and_nothing_else) {
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        const auto words = definition(column).vocabulary;
        EXPECT_EQ(!words.empty(), (kClosedColumns & bit_of(column)) != 0);
        for (std::size_t place = 0; place < words.size(); ++place) {
            const std::string word(words[place]);
            EXPECT_EQ(find(column, word), static_cast<int>(place));
            EXPECT_EQ(find(column, word, true), -1) << "escaped";
            EXPECT_EQ(find(column, word.substr(1)), -1);
            EXPECT_EQ(find(column, word + "x"), -1);
            EXPECT_EQ(find(column, word + '\0'), -1) << "padding is no text";
            EXPECT_EQ(find(column, word + std::string(300, '\0')), -1);
        }
    }
    EXPECT_EQ(find(Column::level, ""), -1);
}

}  // namespace
}  // namespace bassline::event
