// SPDX-License-Identifier: Apache-2.0
#include "models/scope.hpp"

#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "duck/sql_text.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A lake of page views of 1 and 2 May, of which the second came since the last build.
class ScopeTest : public testing::Test {
protected:
    void SetUp() override {
        for (const char* statement : {"attach ':memory:' as bassline", "create schema bassline.run",
                                      "create schema bassline.bronze"}) {
            ASSERT_TRUE(connection_.execute(statement)) << statement;
        }
        add("2026-05-01", NewRows::none, "(1, 'a'), (1, 'b'), (1, null), (2, 'a')");
        add("2026-05-02", NewRows::all, "(1, 'a'), (7, 'c')");
        manifest_.database = "bassline";
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    void add(const std::string& date, NewRows new_rows, const std::string& rows) {
        const auto written = connection_.execute(fmt::format(
            "copy (select * from (values {}) as t(\"sessionId\", producer)) to {} (format parquet)",
            rows, duck::quote_text(fmt::format("{}/{}.parquet", folder_, date))));
        ASSERT_TRUE(written) << written.error().message;
        bronze_.topics["page_view_events"].push_back(
            {.path = date + ".parquet", .date = date, .new_rows = new_rows});
        bronze_.dates.insert(date);
        if (new_rows != NewRows::none) bronze_.touched.insert(date);
    }

    Result<Scope> scope(const std::string& analysis) {
        manifest_.nodes = {{.unique_id = "analysis.t.scope",
                            .type = NodeType::analysis,
                            .name = "scope",
                            .compiled_code = analysis}};
        return create_sources(
            connection_,
            {.files = *files_, .manifest = manifest_, .previous = previous_, .bronze = bronze_});
    }

    std::vector<std::string> page_views() {
        auto found = connection_
                         .query(
                             "select \"sessionId\" || ' ' || coalesce(producer, '') as shown "
                             "from bassline.bronze.page_view_events order by shown")
                         .value();
        std::vector<std::string> rows;
        while (found.next()) rows.emplace_back(found.text(0));
        return rows;
    }

    const std::string folder_ = make_test_folder("scope");
    const std::unique_ptr<storage::FileSystem> files_ = storage::open_local(folder_).value();
    duck::Database database_ = duck::Database::open({.temp_directory = folder_}).value();
    duck::Connection connection_ = database_.connect().value();
    Manifest manifest_;
    const std::optional<lake::Snapshot> previous_ = lake::Snapshot{};
    Bronze bronze_;
};

constexpr const char* kWritten =
    "select date '2026-05-02' as event_date, 'a' as producer, 1 as session_id, true as is_written "
    "union all ";

TEST_F(ScopeTest, of_a_date_that_is_only_read_the_needed_sessions_of_their_producers_are_seen) {
    const auto found = scope(std::string(kWritten) + "select date '2026-05-01', 'a', 1, false");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(found.value().read, ElementsAre("2026-05-01", "2026-05-02"));
    EXPECT_THAT(found.value().written, ElementsAre("2026-05-02"));
    EXPECT_THAT(page_views(), ElementsAre("1 a", "1 a", "7 c"));
}

TEST_F(ScopeTest, rows_without_a_producer_are_of_the_producer_without_a_name) {
    ASSERT_TRUE(scope(std::string(kWritten) + "select date '2026-05-01', '', 1, false"));
    EXPECT_THAT(page_views(), ElementsAre("1 ", "1 a", "7 c"));
}

TEST_F(ScopeTest, models_whose_analysis_does_not_tell_sessions_are_refused_by_what_they_lack) {
    const auto found = scope("select date '2026-05-02' as event_date, true as is_written");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::config);
    EXPECT_THAT(found.error().message, HasSubstr("no column producer"));
    EXPECT_THAT(found.error().message, HasSubstr("another version of bassline"));
}

}  // namespace
}  // namespace bassline::models
