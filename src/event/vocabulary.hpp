// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <smmintrin.h>

#include "event/masked_load.hpp"
#include "event/record.hpp"

namespace bassline::event {

/// The words that a column with a closed vocabulary may hold, compared without a branch a byte.
class Vocabulary {
public:
    static constexpr std::size_t kWordBytesMax = 16;
    static constexpr std::size_t kWordsMax = 4;

    explicit Vocabulary(Column column);

    /// The word's place in the column's definition, or -1. Escaped texts are no words.
    int find(const Text& text) const {
        const __m128i bytes = load_masked(text.data, text.size);
        for (std::size_t i = 0; i < count_; ++i) {
            const auto* const word = reinterpret_cast<const __m128i*>(words_[i].bytes);
            const __m128i difference = _mm_xor_si128(_mm_load_si128(word), bytes);
            if (_mm_testz_si128(difference, difference) != 0 && words_[i].size == text.size) {
                return text.escaped ? -1 : static_cast<int>(i);
            }
        }
        return -1;
    }

private:
    struct alignas(16) Word {
        char bytes[kWordBytesMax];  // padded with zeros
        std::uint32_t size;
    };
    std::array<Word, kWordsMax> words_{};
    std::size_t count_ = 0;
};

/// The columns whose vocabulary is closed, as bits of bit_of.
inline constexpr std::uint32_t kClosedColumns =
    bit_of(Column::auth) | bit_of(Column::method) | bit_of(Column::level) | bit_of(Column::gender);

/// Of a column of kClosedColumns.
const Vocabulary& vocabulary_of(Column column);

}  // namespace bassline::event
