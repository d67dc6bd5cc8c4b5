// SPDX-License-Identifier: Apache-2.0
#include "duck/sql_text.hpp"

namespace bassline::duck {
namespace {

std::string quoted(std::string_view text, char mark) {
    std::string result(1, mark);
    for (const char letter : text) {
        if (letter == mark) result += mark;
        result += letter;
    }
    return result += mark;
}

std::string list_of(std::span<const std::string> texts, std::string (*quote)(std::string_view)) {
    std::string list = "[";
    for (const std::string& text : texts) {
        if (list.size() > 1) list += ", ";
        list += quote(text);
    }
    return list += "]";
}

}  // namespace

std::string quote_name(std::string_view name) {
    return quoted(name, '"');
}

std::string quote_text(std::string_view text) {
    return quoted(text, '\'');
}

std::string text_list(std::span<const std::string> texts) {
    return list_of(texts, quote_text);
}

std::string pattern_of(std::string_view path) {
    std::string pattern;
    for (const char letter : path) {
        const bool is_mark = letter == '[' || letter == '*' || letter == '?';
        if (is_mark) pattern += '[';
        pattern += letter;
        if (is_mark) pattern += ']';
    }
    return pattern;
}

std::string quote_path(std::string_view path) {
    return quote_text(pattern_of(path));
}

std::string path_list(std::span<const std::string> paths) {
    return list_of(paths, quote_path);
}

}  // namespace bassline::duck
