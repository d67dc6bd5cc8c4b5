// SPDX-License-Identifier: Apache-2.0
#include "net/admission.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bassline::net {
namespace {

constexpr std::size_t kTokenBytesMax = 512;

// "name", "name:8080", "[::1]:8080" -> the name, without brackets and port. None if malformed.
std::optional<std::string> host_name(std::string_view authority) {
    std::string_view name = authority;
    std::string_view port;
    if (!authority.empty() && authority.front() == '[') {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        name = authority.substr(1, close - 1);
        port = authority.substr(close + 1);
    } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
        name = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool port_fine =
        port.empty() || (port.size() >= 2 && port.size() <= 6 && port.front() == ':' &&
                         std::all_of(port.begin() + 1, port.end(), is_digit));
    if (name.empty() || !port_fine) return std::nullopt;
    return std::string(name);
}

bool is_ip_address(const std::string& name) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

std::string machine_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool is_our_host(const AdmissionRules& rules, const std::string& name) {
    if (equal_without_case(name, "localhost") || name == "127.0.0.1" || name == "::1") return true;
    if (equal_without_case(name, rules.bound_host)) return true;
    if (is_loopback(rules.bound_host)) return false;
    return is_ip_address(name) || equal_without_case(name, machine_name());
}

// The Origin of our own page is scheme and Host; behind a TLS proxy the scheme is https.
bool is_own_origin(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.substr(0, scheme.size()) == scheme &&
            equal_without_case(origin.substr(scheme.size()), host)) {
            return true;
        }
    }
    return false;
}

std::optional<std::string> base64_decoded(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string decoded;
    unsigned bits = 0;
    int held = 0;
    for (const char letter : text.substr(0, text.find_last_not_of('=') + 1)) {
        const auto value = kAlphabet.find(letter);
        if (value == std::string_view::npos) return std::nullopt;
        bits = ((bits << 6) | static_cast<unsigned>(value)) & 0xFFFFFFU;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        decoded += static_cast<char>((bits >> held) & 0xFFU);
    }
    return decoded;
}

bool has_token(const Token& token, const Request& request) {
    const std::string_view header = request.header("Authorization").value_or("");
    const auto space = header.find(' ');
    if (space == std::string_view::npos) return false;
    const std::string_view scheme = header.substr(0, space);
    const std::string_view credentials = header.substr(space + 1);
    if (equal_without_case(scheme, "Bearer")) return token.matches(credentials);
    if (!equal_without_case(scheme, "Basic")) return false;
    const auto decoded = base64_decoded(credentials);
    if (!decoded) return false;
    const auto colon = decoded->find(':');
    return colon != std::string::npos &&
           token.matches(std::string_view(*decoded).substr(colon + 1));
}

// A request that a foreign page made, as far as the browser says so. Following a link to our page
// is fine.
bool is_foreign_fetch(const Request& request) {
    const std::string_view site = request.header("Sec-Fetch-Site").value_or("");
    const std::string_view mode = request.header("Sec-Fetch-Mode").value_or("");
    return (site == "cross-site" || site == "same-site") && mode != "navigate";
}

}  // namespace

Result<Token> Token::make(std::string text) {
    const bool visible =
        std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    const std::set<char> different(text.begin(), text.end());
    if (!visible || text.size() < 22 || text.size() > kTokenBytesMax || different.size() < 10) {
        return error(ErrorKind::config,
                     "the token is too weak: it needs 128 random bits, for example from `openssl "
                     "rand -hex 32`");
    }
    return Token(std::move(text));
}

Result<Token> Token::read_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (file >= 0) close(file);
        return error(ErrorKind::config, "cannot read the token file: {}", path);
    }
    std::string text(kTokenBytesMax + 2, '\0');
    const ssize_t got = read(file, text.data(), text.size());
    close(file);
    if ((status.st_mode & 077) != 0) {
        return error(ErrorKind::config, "others may read the token file; run `chmod 600 {}`", path);
    }
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    auto token = make(std::move(text));
    if (!token) return std::move(token).error().during("reading " + path);
    return token;
}

bool Token::matches(std::string_view candidate) const {
    // The time depends on the candidate's length only.
    unsigned difference = candidate.size() == text_.size() ? 0U : 1U;
    for (std::size_t at = 0; at < candidate.size(); ++at) {
        difference |= static_cast<unsigned char>(candidate[at]) ^
                      static_cast<unsigned char>(text_[at % text_.size()]);
    }
    return difference == 0;
}

bool is_loopback(std::string_view host) {
    const std::string name(host);
    in_addr address{};
    if (inet_pton(AF_INET, name.c_str(), &address) == 1) {
        return ntohl(address.s_addr) >> 24 == 127;
    }
    return equal_without_case(name, "localhost") || name == "::1";
}

std::optional<Response> refuse(const AdmissionRules& rules, const Request& request) {
    const std::string_view host = request.header("Host").value_or("");
    const auto name = host_name(host);
    if (!name || !is_our_host(rules, *name)) {
        return error_response(421, "foreign_host",
                              "This server does not answer for that Host; open it by its address.");
    }
    const auto origin = request.header("Origin");
    if ((origin && !is_own_origin(*origin, host)) || is_foreign_fetch(request)) {
        return error_response(403, "foreign_origin", "Other sites may not ask this server.");
    }
    if (rules.token && !has_token(*rules.token, request)) {
        Response response = error_response(401, "token_needed", "A token is needed.");
        response.headers.emplace_back("WWW-Authenticate",
                                      "Basic realm=\"bassline\", charset=\"UTF-8\"");
        return response;
    }
    return std::nullopt;
}

}  // namespace bassline::net
