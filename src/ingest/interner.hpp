// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <nmmintrin.h>

#include "event/record.hpp"

// The values of one text column, each with a dense code: what Parquet's dictionary is made of.
//
// A text is looked up by its spelling in the line, so that escapes are undone once a distinct
// spelling and not once a row; two spellings of one value share its code. Never shrinks but by
// clear(), whose caller must hold no code any more. One thread.
namespace bassline::ingest {

class Interner {
public:
    Interner();

    /// The text's code. Its 16 bytes of padding are read.
    std::uint32_t code(const event::Text& text);

    /// The values by code; until the next call of code() or clear().
    std::span<const std::string_view> values() const { return values_; }

    /// Memory held, in bytes.
    std::size_t bytes() const { return bytes_; }

    void clear();

private:
    struct Slot {
        std::uint64_t hash;
        const char* spelling;  // null: free
        std::uint32_t size;    // the top bit: the spelling is escaped
        std::uint32_t code;
    };

    static std::uint64_t hash_of(const char* data, std::size_t size);
    static bool equal(const char* left, const char* right, std::size_t size);
    std::uint32_t add(const event::Text& text, std::uint64_t hash);
    std::string_view keep(std::string_view bytes);
    void grow();
    Slot& slot_for(std::uint64_t hash);

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
    std::vector<std::string_view> values_;
    std::vector<std::unique_ptr<char[]>> blocks_;  // of spellings and values
    char* free_ = nullptr;
    std::size_t free_bytes_ = 0;
    std::size_t bytes_ = 0;
};

inline std::uint64_t Interner::hash_of(const char* data, std::size_t size) {
    constexpr std::uint64_t kFactor[] = {0xA0761D6478BD642Fu, 0xE7037ED1A0B428DBu,
                                         0x8EBC6AF09C88C6E3u};
    auto load = [](const char* at) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        return word;
    };
    auto mix = [](std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    };
    auto low_bytes = [](std::uint64_t word, std::size_t count) {
        return count >= 8 ? word : word & ((std::uint64_t{1} << 8 * count) - 1);
    };
    std::uint64_t hash = 0x9E3779B97F4A7C15u ^ size;
    for (; size > 16; data += 16, size -= 16) {
        hash = mix(load(data) ^ kFactor[0] ^ hash, load(data + 8) ^ kFactor[1]);
    }
    const std::uint64_t first = low_bytes(load(data), size);
    const std::uint64_t second = size > 8 ? low_bytes(load(data + 8), size - 8) : 0;
    return mix(first ^ kFactor[0] ^ hash, second ^ kFactor[2]);
}

// Both have 16 readable bytes after them.
inline bool Interner::equal(const char* left, const char* right, std::size_t size) {
    auto load = [](const char* at) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    };
    auto same = [&] {
        return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(left), load(right))));
    };
    for (; size > 16; left += 16, right += 16, size -= 16) {
        if (same() != 0xFFFF) return false;
    }
    const unsigned wanted = (1u << size) - 1;
    return (same() & wanted) == wanted;
}

inline std::uint32_t Interner::code(const event::Text& text) {
    const std::uint64_t hash = hash_of(text.data, text.size) + text.escaped;
    const std::uint32_t size = text.size | static_cast<std::uint32_t>(text.escaped) << 31;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
        const Slot& slot = slots_[i];
        if (slot.spelling == nullptr) return add(text, hash);
        if (slot.hash == hash && slot.size == size && equal(slot.spelling, text.data, text.size)) {
            return slot.code;
        }
    }
}

}  // namespace bassline::ingest
