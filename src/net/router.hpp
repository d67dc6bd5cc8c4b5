// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

// Method and path to an action. A pattern is a path whose last part may be `*`: it stands for
// exactly one part, which the action receives. First match wins. Immutable while serving, so safe
// from all threads.
namespace bassline::net {

class Router {
public:
    using Action = std::function<Response(const Request&, std::string_view last_part)>;

    void add(std::string method, std::string pattern, Action action);

    /// 404 for an unknown path, 405 with `Allow` for a known path asked by another method.
    Response answer(const Request& request) const;

    /// The pattern that a path falls under, for metrics; "other" if none.
    std::string_view pattern_of(std::string_view path) const;

private:
    struct Route {
        std::string method;
        std::string pattern;
        Action action;
    };
    std::vector<Route> routes_;
};

}  // namespace bassline::net
