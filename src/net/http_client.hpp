// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http.hpp"

// A request to somebody else's HTTP server, and its reply: for control traffic, not for bulk.
//
// TLS is verified, always. Redirects are not followed, proxies of the environment are not used, and
// only http and https are spoken. Safe to use from several threads; a request has a connection of
// its own.
namespace bassline::net {

struct HttpCall {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;
    std::string user_and_password;  // "user:password" of basic authentication; empty: none
};

struct HttpReply {
    int status = 0;
    std::string body;
};

struct HttpClientOptions {
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds timeout{10'000};  // of the whole exchange
    std::size_t body_bytes_max = std::size_t{16} << 20;
    std::string ca_file;  // certificates to trust; empty: the system's
};

class HttpClient {
public:
    explicit HttpClient(HttpClientOptions options = {});

    /// Any status is a reply.
    /// Errors: `unavailable` (no connection, no reply in time, cut short), `config` (the URL is
    /// none, or the server's certificate is not trusted), `bad_data` (the reply is too long).
    Result<HttpReply> send(const HttpCall& call) const;

private:
    HttpClientOptions options_;
};

/// Whether the text is an http or https URL with a host, and without a user or password in it.
Result<void> check_url(std::string_view url);

}  // namespace bassline::net
