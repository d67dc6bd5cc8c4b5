// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bassline::net {

/// A header's value, or a part of one, without the white space around it (RFC 9110, 5.5).
inline std::string_view trimmed_value(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace bassline::net
