// SPDX-License-Identifier: Apache-2.0
#include "dashboard/table.hpp"

#include <gtest/gtest.h>

#include "dashboard/etag.hpp"
#include "dashboard/metrics.hpp"

namespace bassline::dashboard {
namespace {

std::string csv_of(const std::string& text) {
    const std::string csv = to_csv({{{"name", "Name", "text"}}, {{text}}});
    return csv.substr(6, csv.size() - 8);
}

TEST(Table, csv_neutralises_formulas_and_quotes_what_needs_it) {
    EXPECT_EQ(csv_of("plain"), "plain");
    EXPECT_EQ(csv_of("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_of("say \"hi\""), "\"say \"\"hi\"\"\"");
    EXPECT_EQ(csv_of("two\r\nlines"), "\"two\r\nlines\"");
    for (const char* formula : {"=1+1", "+1", "-1", "@x", "\tx"}) {
        EXPECT_EQ(csv_of(formula), "'" + std::string(formula));
    }
    EXPECT_EQ(csv_of("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
    EXPECT_EQ(csv_of("a=b"), "a=b");
}

TEST(Table, csv_writes_numbers_whole_and_nulls_empty) {
    const Table table{{{"a", "A", "plays"}, {"b", "B", "s"}, {"c", "C", "s"}},
                      {{std::int64_t{-5}, 0.1, std::monostate{}}}};
    EXPECT_EQ(to_csv(table), "a,b,c\r\n-5,0.1,\r\n");
}

TEST(Table, json_holds_no_markup_and_no_broken_text) {
    const std::string hostile = "</script><b>\xE2\x80\xA8 \xFF";
    const std::string text = json_text(to_json(Cell(hostile)));
    EXPECT_EQ(text, "\"\\u003c/script>\\u003cb>\\u2028 \xEF\xBF\xBD\"\n");
}

TEST(Etag, is_compared_as_a_list_of_tags) {
    const auto has = [](const char* listed) {
        return client_has({.headers = {{"If-None-Match", listed}}}, "\"x-1\"");
    };
    EXPECT_TRUE(has("\"x-1\""));
    EXPECT_TRUE(has("\"a\", W/\"x-1\""));
    EXPECT_TRUE(has("*"));
    EXPECT_FALSE(has("\"x-12\""));
    EXPECT_FALSE(has("x-1"));
    EXPECT_FALSE(has(""));
    EXPECT_FALSE(client_has({}, "\"x-1\""));
}

TEST(Metrics, a_histogram_counts_every_bucket_that_holds_the_value) {
    RequestMetrics metrics;
    metrics.count("/", 200, std::chrono::microseconds(700));
    metrics.count("/", 404, std::chrono::seconds(2));
    const std::string text = metrics.text({}, Timestamp{}, Timestamp{});
    EXPECT_NE(text.find("bassline_http_requests_total{route=\"/\",status=\"404\"} 1\n"),
              std::string::npos);
    EXPECT_NE(text.find("_bucket{route=\"/\",le=\"0.0005\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("_bucket{route=\"/\",le=\"0.001\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("_bucket{route=\"/\",le=\"+Inf\"} 2\n"), std::string::npos);
    EXPECT_NE(text.find("bassline_dashboard_ready 0\n"), std::string::npos);
}

}  // namespace
}  // namespace bassline::dashboard
