// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

// The request target: path and query, decoded once. Pure.
namespace bassline::net {

struct Target {
    std::string path;
    Query query;
};

/// None if the target is not `/path?query`, holds a wrong percent code, a decoded NUL, control
/// byte, slash or backslash, or a "." or ".." part: such a path never names anything here, so
/// nothing has to normalise it.
std::optional<Target> parse_target(std::string_view target);

}  // namespace bassline::net
