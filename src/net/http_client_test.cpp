// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/server.hpp"

namespace bassline::net {
namespace {

using testing::HasSubstr;

class HttpClientTest : public testing::Test {
protected:
    HttpClientTest() : server_(Server::listen({.port = 0}, answer_request).value()) {
        thread_ = std::jthread([this](std::stop_token stop) { server_->run(std::move(stop)); });
    }

    static Response answer_request(const Request& request) {
        if (request.path == "/long") return {.body = std::string(2'000, 'x')};
        if (request.path == "/missing") return {.status = 404, .body = "no"};
        const auto authorization = request.header("authorization");
        return {.body = request.method + " " + std::string(authorization.value_or("nobody"))};
    }

    std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    }

    std::unique_ptr<Server> server_;
    std::jthread thread_;
};

TEST_F(HttpClientTest, any_status_is_a_reply) {
    const auto reply = HttpClient().send({.url = url("/missing")});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply.value().status, 404);
    EXPECT_EQ(reply.value().body, "no");
}

TEST_F(HttpClientTest, credentials_go_as_basic_authentication) {
    const auto reply = HttpClient().send({.url = url("/"), .user_and_password = "ann:secret"});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply.value().body, "GET Basic YW5uOnNlY3JldA==");
    EXPECT_EQ(HttpClient().send({.url = url("/")}).value().body, "GET nobody");
}

TEST_F(HttpClientTest, a_reply_over_the_limit_is_bad_data) {
    const auto reply = HttpClient({.body_bytes_max = 1'000}).send({.url = url("/long")});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::bad_data);
}

TEST_F(HttpClientTest, nobody_there_is_unavailable) {
    const auto reply = HttpClient().send({.url = "http://127.0.0.1:1/"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(reply.error().message, HasSubstr("127.0.0.1"));
}

TEST(HttpClientUrlTest, a_url_is_checked_before_use) {
    EXPECT_TRUE(check_url("http://127.0.0.1:8085/apis/ccompat/v7"));
    EXPECT_TRUE(check_url("https://registry.example"));
    EXPECT_EQ(check_url("ftp://registry.example").error().kind, ErrorKind::usage);
    EXPECT_EQ(check_url("registry").error().kind, ErrorKind::usage);
    const auto refused = check_url("http://ann:secret@host/");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace bassline::net
