// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// Texts as producers mangle them. Pure.
namespace bassline::event {

/// The value of a JSON spelling whose escapes are valid and hold no surrogates (Text::escaped).
std::string unescape(std::string_view spelling);
/// The same into memory of at least the spelling's size; returns the end.
char* unescape_to(char* out, std::string_view spelling);

/// Repairs UTF-8 that was read as Latin-1 and encoded again: while every character is at most
/// U+00FF, one is at least U+0080, and the characters as bytes are valid UTF-8, they are decoded;
/// at most three times (EventSim's catalogue needs one pass, the November 2018 log two). Then
/// U+0020 is trimmed from both ends. Valid UTF-8 in, valid UTF-8 out.
std::string repair_utf8(std::string_view text);

/// Whether the bytes are valid UTF-8.
bool is_utf8(std::string_view bytes);

/// The longest prefix of at most `bytes_max` bytes that does not cut a character in two.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace bassline::event
