// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <smmintrin.h>

#include "event/masked_load.hpp"
#include "event/record.hpp"

// The values of one text column, each with a dense code: what Parquet's dictionary is made of.
//
// A text is looked up by its spelling in the line, so that escapes are undone once a distinct
// spelling and not once a row; two spellings of one value share its code. Never shrinks but by
// clear(), whose caller must hold no code any more. One thread.
namespace bassline::ingest {

class Interner {
public:
    /// A spelling that may be the one looked for.
    struct Candidate;

    Interner();

    /// The text's code. event::kTextPadding bytes behind it are read.
    std::uint32_t code(const event::Text& text) {
        const std::uint64_t hash = hash_of(text);
        return code(text, hash, candidate(text, hash));
    }

    /// The same in three steps, each of which fetches the memory that the next one reads: a line's
    /// columns take each step together, so that their cache misses overlap.
    static std::uint64_t hash_of(const event::Text& text);
    void prefetch(std::uint64_t hash) const {
        _mm_prefetch(reinterpret_cast<const char*>(&slots_[hash & mask_]), _MM_HINT_T0);
    }
    const Candidate* candidate(const event::Text& text, std::uint64_t hash) const;
    std::uint32_t code(const event::Text& text, std::uint64_t hash, const Candidate* candidate);

    /// The values by code; until the next call of code() or clear().
    std::span<const std::string_view> values() const { return values_; }

    /// Memory held, in bytes.
    std::size_t bytes() const { return bytes_; }

    void clear();

private:
    struct Slot {
        std::uint64_t hash;
        const Candidate* candidate;  // null: free
    };

    std::uint32_t find_or_add(const event::Text& text, std::uint64_t hash);
    std::uint32_t add(const event::Text& text, std::uint64_t hash);
    Candidate* keep(const event::Text& text);
    Slot& free_slot(std::uint64_t hash);
    void grow();

    std::vector<Slot> slots_;  // a power of two, at most half of them used
    std::size_t mask_ = 0;
    std::size_t used_ = 0;
    std::vector<std::string_view> values_;
    std::vector<std::unique_ptr<char[]>> blocks_;  // of candidates
    char* free_ = nullptr;
    std::size_t free_bytes_ = 0;
    std::size_t bytes_ = 0;
};

/// Followed by the spelling's bytes and event::kTextPadding more.
struct Interner::Candidate {
    std::uint32_t size;  // the top bit: the spelling is escaped
    std::uint32_t code;

    const char* spelling() const { return reinterpret_cast<const char*>(this + 1); }
    bool is(const event::Text& text) const;
    static std::uint32_t size_of(const event::Text& text) {
        return text.size | static_cast<std::uint32_t>(text.escaped) << 31;
    }
};

namespace detail {

// The 32 bytes at `at`, those from `count` on as zeros: no branch depends on the count.
struct Bytes32 {
    Bytes32(const char* at, std::size_t count)
        : low(event::load_masked(at, count)),
          high(event::load_masked(at + 16, count > 16 ? count - 16 : 0)) {}

    std::uint64_t hash(std::uint64_t seed) const {
        auto word = [](__m128i bytes, int half) {
            return static_cast<std::uint64_t>(half == 0 ? _mm_cvtsi128_si64(bytes)
                                                        : _mm_extract_epi64(bytes, 1));
        };
        return mix(word(low, 0) ^ 0xA0761D6478BD642Fu, word(low, 1) ^ seed) ^
               mix(word(high, 0) ^ 0xE7037ED1A0B428DBu, word(high, 1) ^ 0x8EBC6AF09C88C6E3u);
    }
    bool operator==(const Bytes32& other) const {
        const __m128i difference =
            _mm_or_si128(_mm_xor_si128(low, other.low), _mm_xor_si128(high, other.high));
        return _mm_testz_si128(difference, difference) != 0;
    }
    static std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(left) * right;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    __m128i low;
    __m128i high;
};

}  // namespace detail

inline std::uint64_t Interner::hash_of(const event::Text& text) {
    std::uint64_t hash = 0x9E3779B97F4A7C15u ^ Candidate::size_of(text);
    const char* at = text.data;
    std::size_t size = text.size;
    for (; size > 32; at += 32, size -= 32) hash = detail::Bytes32(at, 32).hash(hash);
    return detail::Bytes32(at, size).hash(hash);
}

inline bool Interner::Candidate::is(const event::Text& text) const {
    if (size != size_of(text)) return false;
    const char* left = spelling();
    const char* right = text.data;
    std::size_t rest = text.size;
    for (; rest > 32; left += 32, right += 32, rest -= 32) {
        if (!(detail::Bytes32(left, 32) == detail::Bytes32(right, 32))) return false;
    }
    return detail::Bytes32(left, rest) == detail::Bytes32(right, rest);
}

inline const Interner::Candidate* Interner::candidate(const event::Text& text,
                                                      std::uint64_t hash) const {
    std::size_t i = hash & mask_;
    while (slots_[i].candidate != nullptr && slots_[i].hash != hash) i = (i + 1) & mask_;
    const Candidate* const found = slots_[i].candidate;
    if (found == nullptr) return nullptr;
    const char* const bytes = reinterpret_cast<const char*>(found);
    constexpr std::size_t kCacheLine = 64;
    constexpr std::size_t kFetchedMax = 4 * kCacheLine;  // the rest follows by itself
    const std::size_t last = std::min<std::size_t>(sizeof(Candidate) + text.size, kFetchedMax) - 1;
    for (std::size_t at = 0; at < last; at += kCacheLine) _mm_prefetch(bytes + at, _MM_HINT_T0);
    _mm_prefetch(bytes + last, _MM_HINT_T0);
    return found;
}

inline std::uint32_t Interner::code(const event::Text& text, std::uint64_t hash,
                                    const Candidate* candidate) {
    if (candidate != nullptr && candidate->is(text)) return candidate->code;
    return find_or_add(text, hash);
}

}  // namespace bassline::ingest
