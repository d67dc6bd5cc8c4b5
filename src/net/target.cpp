// SPDX-License-Identifier: Apache-2.0
#include "net/target.hpp"

#include <algorithm>

namespace bassline::net {
namespace {

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char letter = text[at];
        if (letter == '+' && plus_is_space) letter = ' ';
        if (letter == '%') {
            if (at + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[at + 1]);
            const int low = hex_value(text[at + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            letter = static_cast<char>(high * 16 + low);
            at += 2;
        }
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20 || byte == 0x7F) return std::nullopt;
        decoded += letter;
    }
    return decoded;
}

// One part between slashes.
std::optional<std::string> decode_part(std::string_view part) {
    auto decoded = decode(part, false);
    if (!decoded || *decoded == "." || *decoded == "..") return std::nullopt;
    if (decoded->find_first_of("/\\") != std::string::npos) return std::nullopt;
    return decoded;
}

std::optional<std::string> parse_path(std::string_view raw) {
    if (raw.empty() || raw.front() != '/') return std::nullopt;
    std::string path;
    while (!raw.empty()) {
        raw.remove_prefix(1);
        const auto end = std::min(raw.find('/'), raw.size());
        const auto part = decode_part(raw.substr(0, end));
        if (!part) return std::nullopt;
        path += '/' + *part;
        raw.remove_prefix(end);
    }
    return path;
}

std::optional<Query> parse_query(std::string_view raw) {
    Query query;
    while (!raw.empty()) {
        const auto end = std::min(raw.find('&'), raw.size());
        const std::string_view pair = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        const auto name = decode(pair.substr(0, equals), true);
        const auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) return std::nullopt;
        query.emplace_back(*name, *value);
    }
    return query;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
    const auto mark = std::min(target.find('?'), target.size());
    auto path = parse_path(target.substr(0, mark));
    auto query = parse_query(target.substr(std::min(mark + 1, target.size())));
    if (!path || !query) return std::nullopt;
    return Target{std::move(*path), std::move(*query)};
}

}  // namespace bassline::net
