// SPDX-License-Identifier: Apache-2.0
#include "event/text.hpp"

#include <cstring>
#include <optional>

#include "simdjson.h"

namespace bassline::event {
namespace {

constexpr int kRepairPassesMax = 3;

unsigned hex_value(char digit) {
    if (digit <= '9') return static_cast<unsigned>(digit - '0');
    return static_cast<unsigned>((digit | 0x20) - 'a' + 10);
}

// `code` is a character of the basic plane and no surrogate.
char* put_utf8(char* out, unsigned code) {
    auto add = [&](unsigned byte) { *out++ = static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
        return out;
    }
    if (code < 0x800) {
        add(0xC0 | code >> 6);
    } else {
        add(0xE0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
    return out;
}

char simple_escape(char letter) {
    switch (letter) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return letter;  // quotation mark, backslash, slash
    }
}

// The characters as bytes, if all are at most U+00FF and one is at least U+0080.
std::optional<std::string> as_latin1(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            bytes += text[i];
        } else if (lead <= 0xC3) {  // two bytes, U+0080 to U+00FF
            const auto trail = static_cast<unsigned char>(text[++i]);
            bytes += static_cast<char>((lead & 0x03) << 6 | (trail & 0x3F));
        } else {
            return std::nullopt;
        }
    }
    if (bytes.size() == text.size()) return std::nullopt;  // ASCII: nothing to repair
    return bytes;
}

}  // namespace

char* unescape_to(char* out, std::string_view spelling) {
    while (!spelling.empty()) {
        const std::string_view plain = spelling.substr(0, spelling.find('\\'));
        std::memcpy(out, plain.data(), plain.size());
        out += plain.size();
        spelling.remove_prefix(plain.size());
        if (spelling.empty()) break;
        if (spelling[1] != 'u') {
            *out++ = simple_escape(spelling[1]);
            spelling.remove_prefix(2);
            continue;
        }
        unsigned code = 0;
        for (const char digit : spelling.substr(2, 4)) code = code << 4 | hex_value(digit);
        out = put_utf8(out, code);
        spelling.remove_prefix(6);
    }
    return out;
}

std::string unescape(std::string_view spelling) {
    std::string out(spelling.size(), '\0');
    out.resize(static_cast<std::size_t>(unescape_to(out.data(), spelling) - out.data()));
    return out;
}

std::string repair_utf8(std::string_view text) {
    std::string repaired(text);
    for (int pass = 0; pass < kRepairPassesMax; ++pass) {
        auto bytes = as_latin1(repaired);
        if (!bytes || !is_utf8(*bytes)) break;
        repaired = std::move(*bytes);
    }
    const auto first = repaired.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return repaired.substr(first, repaired.find_last_not_of(' ') - first + 1);
}

bool is_utf8(std::string_view bytes) {
    return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) {
        --bytes_max;
    }
    return text.substr(0, bytes_max);
}

}  // namespace bassline::event
