// SPDX-License-Identifier: Apache-2.0
#include "event/vocabulary.hpp"

#include <bit>
#include <stdexcept>

namespace bassline::event {

Vocabulary::Vocabulary(Column column) {
    for (const std::string_view word : definition(column).vocabulary) {
        if (count_ == kWordsMax || word.size() > kWordBytesMax) {
            throw std::logic_error("a vocabulary larger than Vocabulary takes");
        }
        Word& added = words_[count_++];
        word.copy(added.bytes, word.size());
        added.size = static_cast<std::uint32_t>(word.size());
    }
}

const Vocabulary& vocabulary_of(Column column) {
    static const std::array<Vocabulary, 4> kAll{
        Vocabulary(Column::auth), Vocabulary(Column::method), Vocabulary(Column::level),
        Vocabulary(Column::gender)};
    const auto before = kClosedColumns & (bit_of(column) - 1);
    return kAll[static_cast<std::size_t>(std::popcount(before))];
}

}  // namespace bassline::event
