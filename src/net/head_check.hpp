// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

// Is a request head well formed, beyond what the parser checks? Asked before parsing, on the raw
// bytes, because what two programs read differently is where requests are smuggled.
//
// Refused: bare CR or LF, control bytes, folded lines, spaces around a header's name, both
// Content-Length and Transfer-Encoding, either of them twice, a length that is not plain digits,
// any transfer coding but chunked, no or two Hosts, TRACE and CONNECT, versions other than HTTP/1.1
// and HTTP/1.0. Source: RFC 9112 sections 2.2, 3.2, 5.1, 5.2, 6.1, 6.3. Pure.
namespace bassline::net {

inline constexpr std::size_t kHeaderLinesMax = 64;
inline constexpr std::size_t kRequestLineMax = 8u << 10;

/// `head` runs to and includes the empty line. The answer is the status to refuse with (400, 405,
/// 414, 431, 501, 505), or 0 if the head is fine.
int check_head(std::string_view head);

/// True if the bytes received so far can no longer become a well-formed head; those before `from`
/// were looked at already, all but their last.
bool has_bare_line_end(std::string_view bytes, std::size_t from);

}  // namespace bassline::net
