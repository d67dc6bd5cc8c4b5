// SPDX-License-Identifier: Apache-2.0
#include "dashboard/date_range.hpp"

#include <gtest/gtest.h>

#include "dashboard/chart_request.hpp"
#include "dashboard/test_day.hpp"

namespace bassline::dashboard {
namespace {

const DateRange kAvailable{day("2025-03-01"), day("2025-03-31")};

TEST(Dates, only_days_that_exist_are_dates) {
    EXPECT_EQ(format_date(day("2024-02-29")), "2024-02-29");
    for (const char* text :
         {"", "2025-02-29", "2025-13-01", "2025-00-10", "2025-01-00", "2025-1-1", "25-01-01",
          "2025/01/01", "2025-01-01T00", "-025-01-01", "2025-01-0a", " 2025-01-01"}) {
        EXPECT_FALSE(parse_date(text)) << text;
    }
}

TEST(Dates, the_period_before_has_as_many_days) {
    const DateRange week{day("2025-03-08"), day("2025-03-14")};
    const DateRange expected{day("2025-03-01"), day("2025-03-07")};
    EXPECT_EQ(period_before(week), expected);
    EXPECT_EQ(week.days(), 7);
}

TEST(Dates, rows_of_a_range_include_both_ends) {
    struct Row {
        Date date{};
    };
    std::vector<Row> rows;
    for (const char* text : {"2025-03-01", "2025-03-02", "2025-03-02", "2025-03-05"}) {
        rows.push_back({day(text)});
    }
    EXPECT_EQ(rows_within(rows, {day("2025-03-01"), day("2025-03-02")}).size(), 3U);
    EXPECT_EQ(rows_within(rows, {day("2025-03-03"), day("2025-03-04")}).size(), 0U);
    EXPECT_EQ(rows_within(rows, {day("2025-03-05"), day("2025-04-05")}).size(), 1U);
    EXPECT_EQ(rows_within(rows, {day("2025-03-05"), day("2025-03-01")}).size(), 0U);
}

TEST(ChartRequest, what_is_missing_is_all_there_is) {
    const auto request = parse_chart_request({}, kAvailable);
    ASSERT_TRUE(request);
    EXPECT_EQ(request.value().range, kAvailable);
    EXPECT_FALSE(request.value().wants_csv);
}

TEST(ChartRequest, a_range_is_cut_to_the_data) {
    const auto request =
        parse_chart_request({{"from", "2025-03-20"}, {"to", "2030-01-01"}}, kAvailable);
    ASSERT_TRUE(request);
    const DateRange expected{day("2025-03-20"), day("2025-03-31")};
    EXPECT_EQ(request.value().range, expected);
    const auto outside = parse_chart_request({{"from", "2031-01-01"}}, kAvailable);
    ASSERT_TRUE(outside);
    EXPECT_TRUE(outside.value().range.is_empty());
    const auto since_ever =
        parse_chart_request({{"from", "0002-03-02"}, {"to", "2025-03-02"}}, kAvailable);
    ASSERT_TRUE(since_ever);
    const DateRange first_days{day("2025-03-01"), day("2025-03-02")};
    EXPECT_EQ(since_ever.value().range, first_days);
}

TEST(ChartRequest, a_wrong_parameter_is_named) {
    const auto message = [](const net::Query& query) {
        const auto request = parse_chart_request(query, kAvailable);
        return request ? "" : request.error().message;
    };
    EXPECT_EQ(message({{"from", "yesterday"}}),
              "from must be a date such as 2025-03-14, not \"yesterday\"");
    EXPECT_EQ(message({{"form", "csv"}}),
              "unknown parameter \"form\"; there are from, to and format");
    EXPECT_EQ(message({{"to", "2025-03-01"}, {"to", "2025-03-02"}}), "to is given twice");
    EXPECT_EQ(message({{"format", "xml"}}), "format must be json or csv, not \"xml\"");
    EXPECT_EQ(message({{"from", "2025-03-02"}, {"to", "2025-03-01"}}),
              "to (2025-03-01) lies before from (2025-03-02)");
    EXPECT_LT(message({{std::string(5000, 'x'), ""}}).size(), 120U);
}

}  // namespace
}  // namespace bassline::dashboard
