// SPDX-License-Identifier: Apache-2.0
#include "net/admission.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace bassline::net {
namespace {

constexpr const char* kTokenText = "k7Qm2xVb9Zt4Rw8Ls1Pd6Nf3";

int status_of(const AdmissionRules& rules, const Headers& headers) {
    const auto refused = refuse(rules, Request{.method = "GET", .path = "/", .headers = headers});
    return refused ? refused->status : 200;
}

AdmissionRules loopback() {
    return {.bound_host = "127.0.0.1"};
}

AdmissionRules with_token(const std::string& host) {
    return {.bound_host = host, .token = Token::make(kTokenText).value()};
}

TEST(Admission, a_loopback_server_answers_only_for_loopback_names) {
    for (const char* own : {"localhost", "LocalHost:8080", "127.0.0.1:9", "[::1]:8080", "[::1]"}) {
        EXPECT_EQ(status_of(loopback(), {{"Host", own}}), 200) << own;
    }
    for (const char* foreign :
         {"", "evil.example", "evil.example:8080", "localhost.evil.example",
          "127.0.0.1.evil.example", "10.0.0.1", "localhost:", "localhost:80a", "localhost:123456",
          "[::1", "::1", "[]", "localhost@evil.example", "127.0.0.1:80:80"}) {
        EXPECT_EQ(status_of(loopback(), {{"Host", foreign}}), 421) << foreign;
    }
}

TEST(Admission, a_public_server_answers_for_addresses_but_not_for_foreign_names) {
    const AdmissionRules rules{.bound_host = "0.0.0.0"};
    EXPECT_EQ(status_of(rules, {{"Host", "10.1.2.3:8080"}}), 200);
    EXPECT_EQ(status_of(rules, {{"Host", "[2001:db8::1]:8080"}}), 200);
    EXPECT_EQ(status_of(rules, {{"Host", "evil.example"}}), 421);
}

TEST(Admission, only_our_own_page_may_name_an_origin) {
    const auto asked = [](const char* host, const char* origin) {
        return status_of(loopback(), {{"Host", host}, {"Origin", origin}});
    };
    EXPECT_EQ(asked("localhost:8080", "http://localhost:8080"), 200);
    EXPECT_EQ(asked("localhost:8080", "https://localhost:8080"), 200);
    for (const char* foreign :
         {"null", "http://localhost", "http://127.0.0.1:8080", "http://evil.example",
          "http://localhost:8080.evil.example", "ftp://localhost:8080", "localhost:8080", ""}) {
        EXPECT_EQ(asked("localhost:8080", foreign), 403) << foreign;
    }
}

TEST(Admission, a_foreign_page_may_link_here_but_not_fetch) {
    const auto asked = [](const char* site, const char* mode) {
        return status_of(
            loopback(),
            {{"Host", "localhost"}, {"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", mode}});
    };
    EXPECT_EQ(asked("cross-site", "navigate"), 200);
    EXPECT_EQ(asked("same-origin", "cors"), 200);
    EXPECT_EQ(asked("none", "navigate"), 200);
    EXPECT_EQ(asked("cross-site", "no-cors"), 403);
    EXPECT_EQ(asked("same-site", "cors"), 403);
}

TEST(Admission, a_token_is_asked_of_every_request_where_there_is_one) {
    for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
        const AdmissionRules rules = with_token(host);
        const auto asked = [&](const std::string& credentials) {
            return status_of(rules, {{"Host", "localhost"}, {"Authorization", credentials}});
        };
        EXPECT_EQ(status_of(rules, {{"Host", "localhost"}}), 401);
        EXPECT_EQ(asked(std::string("Bearer ") + kTokenText), 200);
        EXPECT_EQ(asked(std::string("bearer ") + kTokenText), 200);
        EXPECT_EQ(asked(std::string("Bearer ") + kTokenText + "x"), 401);
        EXPECT_EQ(asked("Bearer "), 401);
        EXPECT_EQ(asked("Bearer"), 401);
        EXPECT_EQ(asked("Basic YWRtaW46azdRbTJ4VmI5WnQ0Unc4THMxUGQ2TmYz"), 200);
        EXPECT_EQ(asked("Basic YWRtaW46d3Jvbmc="), 401);
        EXPECT_EQ(asked("Basic ****"), 401);
        EXPECT_EQ(asked(std::string("Digest ") + kTokenText), 401);
    }
}

TEST(Token, a_weak_one_is_refused) {
    EXPECT_FALSE(Token::make(""));
    EXPECT_FALSE(Token::make("short"));
    EXPECT_FALSE(Token::make(std::string(40, 'a')));
    EXPECT_FALSE(Token::make("k7Qm2xVb9Zt4Rw8Ls1Pd6"));     // 21 characters
    EXPECT_TRUE(Token::make("k7Qm2xVb9Zt4Rw8Ls1Pd6N"));     // 22
    EXPECT_FALSE(Token::make("k7Qm2xVb9Zt4Rw8Ls1Pd 6Nf"));  // a space
}

TEST(Token, its_file_must_be_its_owners_alone) {
    const std::string path = testing::TempDir() + "bassline-token";
    std::ofstream(path) << kTokenText << "\n";
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
    const auto token = Token::read_file(path);
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_TRUE(token.value().matches(kTokenText));
    for (const mode_t mode : {0644, 0640, 0604, 0602}) {
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
        const auto open_to_others = Token::read_file(path);
        ASSERT_FALSE(open_to_others) << mode;
        EXPECT_NE(open_to_others.error().message.find("chmod 600"), std::string::npos);
        EXPECT_EQ(open_to_others.error().message.find(kTokenText), std::string::npos);
    }
    EXPECT_FALSE(Token::read_file(path + "-missing"));
    EXPECT_FALSE(Token::read_file("/"));
}

}  // namespace
}  // namespace bassline::net
