// SPDX-License-Identifier: Apache-2.0
#include "net/head_check.hpp"

#include <algorithm>

#include "net/header_value.hpp"
#include "net/http.hpp"

namespace bassline::net {
namespace {

bool is_token_character(char letter) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= 'a' && letter <= 'z') || kMarks.find(letter) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.size() <= 15 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 2));
    return line;
}

// Printable ASCII, bytes over 0x7F and, inside a header's value, the tab.
bool has_control_byte(std::string_view text, bool tab_allowed) {
    return std::any_of(text.begin(), text.end(), [&](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return (byte < 0x20 && !(tab_allowed && letter == '\t')) || byte == 0x7F;
    });
}

int check_request_line(std::string_view line) {
    if (line.size() > kRequestLineMax) return 414;
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return 400;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    const auto is_plain = [](char c) { return c > 0x20 && c < 0x7F; };
    if (!is_token(method) || target.empty() || target.front() != '/') return 400;
    if (!std::all_of(target.begin(), target.end(), is_plain)) return 400;
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return version.substr(0, 5) == "HTTP/" ? 505 : 400;
    }
    return method == "TRACE" || method == "CONNECT" ? 405 : 0;
}

struct Framing {
    int hosts = 0;
    int lengths = 0;
    int codings = 0;
};

int check_header_line(std::string_view line, Framing& framing) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed_value(line.substr(colon + 1));
    if (has_control_byte(value, true)) return 400;
    if (equal_without_case(name, "Host")) ++framing.hosts;
    if (equal_without_case(name, "Content-Length")) {
        ++framing.lengths;
        if (!is_digits(value)) return 400;
    }
    if (equal_without_case(name, "Transfer-Encoding")) {
        ++framing.codings;
        if (!equal_without_case(value, "chunked")) return 501;
    }
    return 0;
}

}  // namespace

bool has_bare_line_end(std::string_view bytes, std::size_t from) {
    for (std::size_t at = from; at < bytes.size(); ++at) {
        if (bytes[at] == '\n' && (at == 0 || bytes[at - 1] != '\r')) return true;
        if (bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] != '\n') return true;
    }
    return false;
}

int check_head(std::string_view head) {
    if (has_bare_line_end(head, 0)) return 400;
    if (const int refused = check_request_line(take_line(head))) return refused;
    Framing framing;
    std::size_t lines = 0;
    while (true) {
        const std::string_view line = take_line(head);
        if (line.empty()) break;
        if (++lines > kHeaderLinesMax) return 431;
        if (const int refused = check_header_line(line, framing)) return refused;
    }
    const bool ambiguous = framing.lengths + framing.codings > 1;
    return framing.hosts != 1 || ambiguous ? 400 : 0;
}

}  // namespace bassline::net
