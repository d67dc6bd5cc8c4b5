// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http.hpp"

// Who may ask: Host, Origin and token of a request. Pure but for reading the token's file.
//
// A web page of a stranger can make a browser send requests to this machine. Two checks keep it
// out: the Host must be a name of ours (a rebound DNS name is not), and a request that carries an
// Origin must come from our own page.
namespace bassline::net {

/// A secret that can be compared in constant time and never printed.
class Token {
public:
    /// Errors: `config` unless it has 22 to 512 visible ASCII characters, 10 of them different (128
    /// bits of a random token take 22 characters in base64, 32 in hex).
    static Result<Token> make(std::string text);
    /// The first line of a file that only its owner may read. Errors: `config` naming the file and
    /// the fix.
    static Result<Token> read_file(const std::string& path);

    bool matches(std::string_view candidate) const;

private:
    explicit Token(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// True for localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

struct AdmissionRules {
    std::string bound_host;  // as given to --host
    std::optional<Token> token;
};

/// None lets the request in; else the refusal: 421 for a foreign Host, 403 for a foreign Origin,
/// 401 for no or a wrong token (accepted as `Authorization: Bearer` or as the password of `Basic`,
/// which browsers ask for).
///
/// On a loopback address the Host must be localhost, 127.0.0.1 or [::1]; elsewhere an IP address,
/// the bound name or this machine's name. The port does not matter, so that a tunnel works.
std::optional<Response> refuse(const AdmissionRules& rules, const Request& request);

}  // namespace bassline::net
