// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "net/http.hpp"

namespace bassline::dashboard {

/// Does `If-None-Match` name this quoted tag, or `*`? Weak and strong compare the same (RFC
/// 9110 13.1.2).
bool client_has(const net::Request& request, std::string_view etag);

}  // namespace bassline::dashboard
