// SPDX-License-Identifier: Apache-2.0
#include "dashboard/etag.hpp"

#include <algorithm>

namespace bassline::dashboard {

bool client_has(const net::Request& request, std::string_view etag) {
    std::string_view listed = request.header("If-None-Match").value_or("");
    while (!listed.empty()) {
        const auto end = std::min(listed.find(','), listed.size());
        std::string_view tag = listed.substr(0, end);
        listed.remove_prefix(std::min(end + 1, listed.size()));
        tag.remove_prefix(std::min(tag.find_first_not_of(" \t"), tag.size()));
        tag = tag.substr(0, tag.find_last_not_of(" \t") + 1);
        if (tag.substr(0, 2) == "W/") tag.remove_prefix(2);
        if (tag == "*" || tag == etag) return true;
    }
    return false;
}

}  // namespace bassline::dashboard
