// SPDX-License-Identifier: Apache-2.0
#include "models/relation_maker.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "duck/sql_text.hpp"

namespace bassline::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Builds of 2 May, whose database knows what a manifest of `plays` promises.
class RelationMakerTest : public testing::Test {
protected:
    void SetUp() override {
        manifest_.database = "bassline";
        const char* const scope =
            "create table bassline.run.scope as select date '2026-05-02' event_date, "
            "true is_written";
        for (const char* statement :
             {"attach ':memory:' as bassline", "create schema bassline.gold",
              "create schema bassline._computed", "create schema bassline._kept",
              "create schema bassline.run", scope}) {
            ASSERT_TRUE(connection_.execute(statement)) << statement;
        }
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    // A published file of one row; its columns are those of `plays` in another order.
    std::string published(int day) {
        std::string path = fmt::format("{}/{}.parquet", folder_, day);
        const auto written = connection_.execute(
            fmt::format("copy (select {0} plays, date '2026-05-01' - {0} event_date) to {1}", day,
                        duck::quote_text(path)));
        EXPECT_TRUE(written) << written.error().message;
        return path;
    }

    Result<MadeRelation> make(const std::string& sql, const KeptFiles& kept) {
        node_ = {.unique_id = "model.t.plays",
                 .materialized = Materialized::incremental,
                 .name = "plays",
                 .schema = "gold",
                 .relation_name = "bassline.gold.plays",
                 .compiled_code = sql};
        return make_relation(connection_, manifest_, {.node = &node_}, kept);
    }

    std::vector<std::string> rows() {
        auto found = connection_
                         .query(
                             "select event_date || ' ' || plays from bassline.gold.plays "
                             "order by event_date")
                         .value();
        std::vector<std::string> rows;
        while (found.next()) rows.emplace_back(found.text(0));
        return rows;
    }

    static constexpr const char* kOneDay = "select date '2026-05-02' event_date, 7 plays";
    const std::string folder_ = make_test_folder("relation-maker");
    duck::Database database_ = duck::Database::open({.temp_directory = folder_}).value();
    duck::Connection connection_ = database_.connect().value();
    Manifest manifest_;
    Node node_;
};

TEST_F(RelationMakerTest, an_incremental_relation_is_what_is_kept_and_what_was_computed) {
    const auto made = make(kOneDay, {.paths = {published(0), published(1)}});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made.value().rows, 1U);
    EXPECT_THAT(rows(), ElementsAre("2026-04-30 1", "2026-05-01 0", "2026-05-02 7"));
}

TEST_F(RelationMakerTest, kept_rows_are_read_once_and_their_files_never_again) {
    const std::string path = published(0);
    const auto made = make(kOneDay, {.paths = {path}, .as_rows = true});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made.value().rows, 1U);  // computed ones
    std::filesystem::remove(path);
    EXPECT_THAT(rows(), ElementsAre("2026-05-01 0", "2026-05-02 7"));
    auto computed = connection_.query("select count(*) from " + made.value().computed).value();
    ASSERT_TRUE(computed.next());
    EXPECT_EQ(computed.int64(0), 1);  // what is exported: nothing that is kept
}

TEST_F(RelationMakerTest, rows_of_a_date_that_is_not_written_are_refused) {
    const auto made = make("select date '2026-05-01' event_date, 7 plays", {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::sql);
    EXPECT_THAT(made.error().message, HasSubstr("1 rows of dates that this build does not write"));
}

}  // namespace
}  // namespace bassline::models
