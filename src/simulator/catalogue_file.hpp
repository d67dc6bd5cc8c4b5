// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// The catalogue's file, as tools/catalogues/encoding.mjs writes it and the program embeds it.
//
// Gzip over a heading and columns; a column is its length (32 bits, little-endian) and its bytes:
//   texts    lines; each begins with a byte 32 + length of what it shares with the line before
//   numbers  of 32 bits, as four planes, that of the lowest bytes first
//   deltas   numbers: zigzag differences from the one before
//   phrases  numbers: words of a texts column, counted from 1, a blank between them; 0 ends one
// In this order: words, artists and titles (phrases), artist of each song, its frames (1/75 s), its
// weight (deltas); of places city and state (texts), zip, latitude, longitude (deltas, the latter
// two in 10^-4 degrees), weight; female, male and last names, user agents, each texts and weights.
namespace bassline::simulator {

inline constexpr std::string_view kCatalogueHeading = "bassline catalogue 1\n";

/// Texts in memory of their own; they stay where they are when the list is moved.
struct TextList {
    std::vector<char> bytes;
    std::vector<std::string_view> texts;
};

/// Reads columns front to back. Errors of each: `bad_data` if the column is not what it should be.
class CatalogueReader {
public:
    /// `content` without compression; it must outlive the reader.
    static Result<CatalogueReader> open(std::string_view content);

    Result<TextList> texts();
    Result<std::vector<std::uint32_t>> numbers();
    Result<std::vector<std::int64_t>> deltas();
    Result<TextList> phrases(const TextList& words);

private:
    explicit CatalogueReader(std::string_view columns) : rest_(columns) {}
    Result<std::string_view> column();

    std::string_view rest_;
};

/// The embedded file's bytes, gzip.
std::string_view embedded_catalogue();

/// Decompresses it. Errors: `bad_data`.
Result<std::vector<char>> inflate_catalogue(std::string_view gzip);

}  // namespace bassline::simulator
