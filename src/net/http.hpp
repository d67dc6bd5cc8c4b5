// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A request and a response as the rest of the program sees them: plain values without sockets.
namespace bassline::net {

/// Header names are compared without case; order is that of arrival.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// Decoded parameters in order of arrival; a name may stand more than once.
using Query = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;  // "GET", ...; HEAD arrives as GET, the server drops the body
    std::string path;    // decoded, begins with '/', without "." and ".." parts
    Query query;
    Headers headers;
    std::string peer;  // address of the other side, without port

    /// The first header of that name, or none.
    std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    Headers headers;  // beside content type, length and the security headers
};

using Handler = std::function<Response(const Request&)>;

/// `{"error":{"code":"not_found","message":"..."}}`. The code is for programs, the message for
/// people.
Response error_response(int status, std::string_view code, std::string_view message);

/// True if both are equal but for ASCII case.
bool equal_without_case(std::string_view left, std::string_view right);

}  // namespace bassline::net
