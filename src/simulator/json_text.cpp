// SPDX-License-Identifier: Apache-2.0
#include "simulator/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace bassline::simulator {
namespace {

// The escape of one of the characters that have a short one.
char short_escape(char character) {
    switch (character) {
        case '"':
        case '\\':
            return character;
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        default:
            return 0;
    }
}

template <class Float>
std::string number_text(Float value) {
    constexpr Float kDecimalMin = static_cast<Float>(1e-3);
    constexpr Float kDecimalMax = static_cast<Float>(1e7);
    const Float size = std::abs(value);
    const bool is_decimal = value == 0 || (size >= kDecimalMin && size < kDecimalMax);
    std::array<char, 64> buffer;
    const auto format = is_decimal ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
    std::string text(buffer.data(), end);
    if (is_decimal) return text.find('.') == std::string::npos ? text + ".0" : text;

    const std::size_t at = text.find('e');
    std::string mantissa = text.substr(0, at);
    if (mantissa.find('.') == std::string::npos) mantissa += ".0";
    const bool is_negative = text[at + 1] == '-';
    std::string exponent = text.substr(at + 2);
    exponent.erase(0, exponent.find_first_not_of('0'));
    return mantissa + "E" + (is_negative ? "-" : "") + exponent;
}

}  // namespace

std::string json_text(std::string_view text) {
    constexpr unsigned char kFirstPrintable = 0x20;
    std::string out;
    out.reserve(text.size());
    for (const char character : text) {
        if (const char escape = short_escape(character); escape != 0) {
            out += '\\';
            out += escape;
        } else if (static_cast<unsigned char>(character) < kFirstPrintable) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned char>(character));
        } else {
            out += character;
        }
    }
    return out;
}

std::string java_number(float value) {
    return number_text(value);
}

std::string java_number(double value) {
    return number_text(value);
}

std::string encoded_twice(std::string_view text) {
    constexpr unsigned char kFirstTwoBytes = 0x80;
    std::string out;
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < kFirstTwoBytes) {
            out += character;
        } else {
            out += static_cast<char>(0xC0 | byte >> 6);
            out += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return out;
}

}  // namespace bassline::simulator
