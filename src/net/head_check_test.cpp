// SPDX-License-Identifier: Apache-2.0
#include "net/head_check.hpp"

#include <string>

#include <gtest/gtest.h>

namespace bassline::net {
namespace {

std::string head(const std::string& line, const std::string& headers) {
    return line + "\r\nHost: localhost\r\n" + headers + "\r\n";
}

int with_headers(const std::string& headers) {
    return check_head(head("GET / HTTP/1.1", headers));
}

TEST(HeadCheck, a_plain_request_is_fine) {
    EXPECT_EQ(with_headers(""), 0);
    EXPECT_EQ(with_headers("Accept: text/html, */*;q=0.8\r\nX-Caf\xC3\xA9: no\r\n"), 400);
    EXPECT_EQ(with_headers("Accept:\ttabs\tare fine\r\nCookie: a=\xC3\xA9\r\n"), 0);
    EXPECT_EQ(check_head(head("GET /a?b=c HTTP/1.0", "")), 0);
}

TEST(HeadCheck, a_line_end_that_is_not_crlf_is_refused) {
    EXPECT_EQ(check_head("GET / HTTP/1.1\nHost: localhost\r\n\r\n"), 400);
    EXPECT_EQ(with_headers("A: b\rc\r\n"), 400);
    EXPECT_EQ(with_headers("A: b\nc\r\n"), 400);
}

TEST(HeadCheck, what_two_programs_could_frame_differently_is_refused) {
    EXPECT_EQ(with_headers("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(with_headers("Content-Length: 3\r\nContent-Length: 3\r\n"), 400);
    EXPECT_EQ(with_headers("Content-Length: 3, 3\r\n"), 400);
    EXPECT_EQ(with_headers("Content-Length: +3\r\n"), 400);
    EXPECT_EQ(with_headers("Content-Length: 0x3\r\n"), 400);
    EXPECT_EQ(with_headers("Content-Length: 9999999999999999\r\n"), 400);
    EXPECT_EQ(with_headers("Transfer-Encoding: gzip, chunked\r\n"), 501);
    EXPECT_EQ(with_headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(with_headers("content-length: 3\r\n"), 0);
}

TEST(HeadCheck, folded_and_spaced_header_names_are_refused) {
    EXPECT_EQ(with_headers("A: b\r\n c\r\n"), 400);
    EXPECT_EQ(with_headers("A : b\r\n"), 400);
    EXPECT_EQ(with_headers(": b\r\n"), 400);
    EXPECT_EQ(with_headers("no colon\r\n"), 400);
    EXPECT_EQ(with_headers(std::string("A: b") + '\0' + "c\r\n"), 400);
}

TEST(HeadCheck, exactly_one_host_is_needed) {
    EXPECT_EQ(check_head("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(with_headers("Host: other\r\n"), 400);
}

TEST(HeadCheck, the_request_line_is_strict) {
    EXPECT_EQ(check_head(head("GET http://localhost/ HTTP/1.1", "")), 400);
    EXPECT_EQ(check_head(head("GET  / HTTP/1.1", "")), 400);
    EXPECT_EQ(check_head(head("GET /a b HTTP/1.1", "")), 400);
    EXPECT_EQ(check_head(head("GET /\x80 HTTP/1.1", "")), 400);
    EXPECT_EQ(check_head(head("G@T / HTTP/1.1", "")), 400);
    EXPECT_EQ(check_head(head("GET / HTTP/2.0", "")), 505);
    EXPECT_EQ(check_head(head("GET / FTP/1.1", "")), 400);
    EXPECT_EQ(check_head(head("GET /", "")), 400);
    EXPECT_EQ(check_head(head("TRACE / HTTP/1.1", "")), 405);
    EXPECT_EQ(check_head(head("CONNECT / HTTP/1.1", "")), 405);
}

TEST(HeadCheck, the_limits_hold_to_the_byte) {
    const auto line = [](std::size_t bytes) {
        const std::string rest = "GET  HTTP/1.1";
        return "GET /" + std::string(bytes - rest.size() - 1, 'a') + " HTTP/1.1";
    };
    EXPECT_EQ(check_head(head(line(kRequestLineMax), "")), 0);
    EXPECT_EQ(check_head(head(line(kRequestLineMax + 1), "")), 414);
    std::string headers;
    for (std::size_t n = 1; n < kHeaderLinesMax; ++n) headers += "A: b\r\n";
    EXPECT_EQ(with_headers(headers), 0);
    EXPECT_EQ(with_headers(headers + "A: b\r\n"), 431);
}

TEST(BareLineEnd, a_head_that_arrives_in_two_pieces_is_fine_wherever_it_is_cut) {
    const std::string_view head = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (std::size_t cut = 1; cut < head.size(); ++cut) {
        EXPECT_FALSE(has_bare_line_end(head.substr(0, cut), 0)) << cut;
        EXPECT_FALSE(has_bare_line_end(head, cut - 1)) << cut;
    }
}

TEST(BareLineEnd, a_bare_line_end_in_a_later_piece_is_found) {
    const std::string_view head = "GET / HTTP/1.1\r\nHost: localhost\n";
    EXPECT_TRUE(has_bare_line_end(head, head.size() - 1));
}

}  // namespace
}  // namespace bassline::net
