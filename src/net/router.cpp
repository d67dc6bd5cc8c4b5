// SPDX-License-Identifier: Apache-2.0
#include "net/router.hpp"

#include <optional>

namespace bassline::net {
namespace {

// The part that `*` stands for ("" without a star), or none if the path does not match.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
    if (pattern.empty() || pattern.back() != '*') {
        return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
    }
    pattern.remove_suffix(1);
    if (path.substr(0, pattern.size()) != pattern) return std::nullopt;
    const std::string_view rest = path.substr(pattern.size());
    if (rest.empty() || rest.find('/') != std::string_view::npos) return std::nullopt;
    return rest;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Action action) {
    routes_.push_back({std::move(method), std::move(pattern), std::move(action)});
}

Response Router::answer(const Request& request) const {
    std::string allowed;
    for (const Route& route : routes_) {
        const auto last_part = match(route.pattern, request.path);
        if (!last_part) continue;
        if (route.method == request.method) return route.action(request, *last_part);
        allowed += (allowed.empty() ? "" : ", ") + route.method;
        if (route.method == "GET") allowed += ", HEAD";
    }
    if (allowed.empty()) return error_response(404, "not_found", "Nothing is at this address.");
    Response response =
        error_response(405, "method_not_allowed", "This address allows " + allowed + ".");
    response.headers.emplace_back("Allow", allowed);
    return response;
}

std::string_view Router::pattern_of(std::string_view path) const {
    for (const Route& route : routes_) {
        if (match(route.pattern, path)) return route.pattern;
    }
    return "other";
}

}  // namespace bassline::net
