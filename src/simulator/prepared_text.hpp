// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

// Pieces of output prepared once and copied often. Copies go in blocks of kCopyBlock and may write
// so far beyond their end, so pieces are padded and output keeps room for it.
namespace bassline::simulator {

inline constexpr std::size_t kCopyBlock = 32;

/// A piece inside a TextStore, which outlives it.
struct Piece {
    const char* data;
    std::size_t size;
};

/// Copies a piece; writes up to kCopyBlock - 1 bytes beyond. Returns the end of the piece.
inline char* put(char* out, Piece piece) {
    for (std::size_t done = 0; done < piece.size; done += kCopyBlock) {
        std::memcpy(out + done, piece.data + done, kCopyBlock);
    }
    return out + piece.size;
}

/// A literal, its length known to the compiler.
template <std::size_t kSize>
char* put(char* out, const char (&literal)[kSize]) {
    std::memcpy(out, literal, kSize - 1);
    return out + kSize - 1;
}

/// Decimal digits; writes up to kCopyBlock bytes in all.
char* put_number(char* out, std::uint64_t value);

/// Texts one after the other, by index.
class TextStore {
public:
    void add(std::string_view text) {
        starts_.push_back(end());
        bytes_.insert(bytes_.end(), text.begin(), text.end());
    }
    /// Pads the end; no text may be added after it.
    void close() {
        starts_.push_back(end());
        bytes_.resize(bytes_.size() + kCopyBlock);
        for (std::size_t i = 0; i + 1 < starts_.size(); ++i) {
            size_max_ = std::max<std::size_t>(size_max_, starts_[i + 1] - starts_[i]);
        }
    }
    Piece operator[](std::size_t index) const {
        return {bytes_.data() + starts_[index], starts_[index + 1] - starts_[index]};
    }
    /// Of the longest text.
    std::size_t size_max() const { return size_max_; }

    // Texts are far more than the caches hold: ask early for where one is, then for the text.
    void prefetch_place(std::size_t index) const { __builtin_prefetch(&starts_[index]); }
    void prefetch_text(std::size_t index) const {
        const char* text = bytes_.data() + starts_[index];
        __builtin_prefetch(text);
        __builtin_prefetch(text + kCacheLine);
    }

private:
    static constexpr std::size_t kCacheLine = 64;

    std::uint32_t end() const {
        assert(bytes_.size() <= std::numeric_limits<std::uint32_t>::max());
        return static_cast<std::uint32_t>(bytes_.size());
    }

    std::vector<char> bytes_;
    std::vector<std::uint32_t> starts_;
    std::size_t size_max_ = 0;
};

}  // namespace bassline::simulator
