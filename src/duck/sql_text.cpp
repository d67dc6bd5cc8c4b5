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

}  // namespace

std::string quote_name(std::string_view name) {
    return quoted(name, '"');
}

std::string quote_text(std::string_view text) {
    return quoted(text, '\'');
}

std::string text_list(std::span<const std::string> texts) {
    std::string list = "[";
    for (const std::string& text : texts) {
        if (list.size() > 1) list += ", ";
        list += quote_text(text);
    }
    return list += "]";
}

}  // namespace bassline::duck
