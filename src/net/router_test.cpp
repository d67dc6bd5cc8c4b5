// SPDX-License-Identifier: Apache-2.0
#include "net/router.hpp"

#include <gtest/gtest.h>

#include "net/gzip.hpp"

namespace bassline::net {
namespace {

Router make_router() {
    Router router;
    const auto says = [](const std::string& text) {
        return [text](const Request&, std::string_view part) {
            return Response{.body = text + std::string(part)};
        };
    };
    router.add("GET", "/", says("root"));
    router.add("GET", "/charts", says("list"));
    router.add("GET", "/charts/*", says("chart "));
    router.add("POST", "/charts", says("posted"));
    return router;
}

Response ask(const std::string& method, const std::string& path) {
    return make_router().answer(Request{.method = method, .path = path});
}

TEST(Router, the_star_stands_for_one_part) {
    EXPECT_EQ(ask("GET", "/").body, "root");
    EXPECT_EQ(ask("GET", "/charts").body, "list");
    EXPECT_EQ(ask("GET", "/charts/top").body, "chart top");
    EXPECT_EQ(ask("POST", "/charts").body, "posted");
    for (const char* unknown : {"/charts/", "/charts/a/b", "/chart", "//", "/charts/top/"}) {
        EXPECT_EQ(ask("GET", unknown).status, 404) << unknown;
    }
}

TEST(Router, another_method_is_told_what_is_allowed) {
    const Response response = ask("DELETE", "/charts");
    EXPECT_EQ(response.status, 405);
    ASSERT_EQ(response.headers.size(), 2U);
    EXPECT_EQ(response.headers[1].second, "GET, HEAD, POST");
}

TEST(Router, metrics_see_patterns_not_paths) {
    const Router router = make_router();
    EXPECT_EQ(router.pattern_of("/charts/top"), "/charts/*");
    EXPECT_EQ(router.pattern_of("/nothing"), "other");
}

TEST(Gzip, the_client_decides) {
    EXPECT_TRUE(accepts_gzip("gzip, deflate, br"));
    EXPECT_TRUE(accepts_gzip("br;q=1.0, gzip;q=0.5"));
    EXPECT_TRUE(accepts_gzip("*"));
    EXPECT_FALSE(accepts_gzip(""));
    EXPECT_FALSE(accepts_gzip("identity"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0"));
    EXPECT_FALSE(accepts_gzip("gzip; q=0.000"));
    EXPECT_FALSE(accepts_gzip("xgzip"));
}

TEST(Gzip, damaged_data_is_an_error) {
    const auto plain = gunzip("not gzip at all");
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().kind, ErrorKind::bad_data);
    EXPECT_FALSE(gunzip(""));
}

}  // namespace
}  // namespace bassline::net
