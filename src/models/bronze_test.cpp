// SPDX-License-Identifier: Apache-2.0
#include "models/bronze.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/names.hpp"

namespace bassline::models {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

lake::LiveFiles lake_of(const std::map<std::string, Positions>& files) {
    lake::LiveFiles live{.watermark_ms = 5};
    live.heads["files"].next_seq = 9;
    live.heads["compact"].next_seq = 3;
    for (const auto& [name, holds] : files) {
        lake::LiveFile file{.output = {.final = name, .topic = "t", .date = "date of " + name}};
        if (holds.size() == 1 && name.front() != 'm') {
            file.chain = holds.begin()->first;
            file.seq = holds.begin()->second - 1;
        } else {
            file.chain = lake::kCompactChain;
            file.holds = holds;
        }
        live.files[name] = std::move(file);
    }
    return live;
}

std::vector<std::string> whole(const Bronze& bronze) {
    std::vector<std::string> paths;
    if (!bronze.topics.contains("t")) return paths;
    for (const BronzeFile& file : bronze.topics.at("t")) {
        if (!file.is_partial) paths.push_back(file.path);
    }
    return paths;
}

TEST(Bronze, new_is_what_came_with_entries_since_the_last_build) {
    const auto live = lake_of({{"a", {{"files", 3}}}, {"b", {{"files", 4}}}});
    const Bronze bronze = bronze_of(live, {{"files", 3}}, {});
    EXPECT_THAT(whole(bronze), ElementsAre("a", "b"));
    EXPECT_THAT(bronze.touched, ElementsAre("date of b"));
    EXPECT_TRUE(bronze.has_new_outputs);
    EXPECT_THAT(bronze.positions,
                ElementsAre(testing::Pair("compact", 3), testing::Pair("files", 9)));
}

TEST(Bronze, late_events_beside_it_are_of_no_date_and_no_model) {
    auto live = lake_of({{"a", {{"files", 4}}}, {"b", {{"files", 4}}}});
    live.files["b"].output.kind = lake::OutputKind::late;
    const Bronze bronze = bronze_of(live, {{"files", 3}}, {});
    EXPECT_THAT(whole(bronze), ElementsAre("a"));
    EXPECT_THAT(bronze.dates, ElementsAre("date of a"));
    EXPECT_THAT(bronze.touched, ElementsAre("date of a"));
    ASSERT_EQ(bronze.late.at("t").size(), 1U);
    EXPECT_EQ(bronze.late.at("t").front().path, "b");
}

TEST(Bronze, a_merged_file_is_new_only_if_one_of_its_rows_is) {
    const auto live = lake_of({{"m", {{"files", 3}, {"kafka", 2}}}});
    EXPECT_FALSE(bronze_of(live, {{"files", 3}, {"kafka", 2}}, {}).has_new_outputs);
    EXPECT_THAT(bronze_of(live, {{"files", 3}, {"kafka", 1}}, {}).touched,
                ElementsAre("date of m"));
}

TEST(Bronze, new_rows_of_a_merged_file_are_told_by_their_entries_but_not_those_of_a_replay) {
    const auto live = lake_of({{"a", {{"files", 3}}},
                               {"b", {{"files", 4}}},
                               {"m1", {{"files", 4}, {"kafka", 1}}},
                               {"m2", {{"files", 4}, {"compact", 3}}}});
    const Bronze bronze = bronze_of(live, {{"files", 3}, {"kafka", 1}, {"compact", 2}}, {});
    std::map<std::string, NewRows> new_rows;
    for (const BronzeFile& file : bronze.topics.at("t")) new_rows[file.path] = file.new_rows;
    EXPECT_EQ(new_rows, (std::map<std::string, NewRows>{{"a", NewRows::none},
                                                        {"b", NewRows::all},
                                                        {"m1", NewRows::some},
                                                        {"m2", NewRows::all}}));
}

TEST(Bronze, up_to_a_position_later_files_are_left_out_and_mixed_ones_are_read_in_part) {
    const auto live =
        lake_of({{"a", {{"files", 3}}}, {"b", {{"files", 4}}}, {"m", {{"files", 4}}}});
    const Bronze bronze = bronze_of(live, {}, Positions{{"files", 3}});
    EXPECT_THAT(whole(bronze), ElementsAre("a"));
    ASSERT_EQ(bronze.topics.at("t").size(), 2U);
    EXPECT_TRUE(bronze.topics.at("t")[1].is_partial);
    EXPECT_EQ(bronze.positions.at("files"), 3U);
}

TEST(Bronze, what_a_replay_took_out_of_quarantine_is_new_to_builds_and_read_at_once) {
    const auto live = lake_of({{"m", {{"files", 2}, {"compact", 3}}}});
    EXPECT_THAT(bronze_of(live, {{"files", 9}, {"compact", 2}}, {}).touched,
                ElementsAre("date of m"));
    EXPECT_FALSE(bronze_of(live, {{"files", 9}, {"compact", 3}}, {}).has_new_outputs);
    EXPECT_TRUE(bronze_of(live, {{"files", 9}}, {}).has_new_outputs);  // of before there were any
    EXPECT_THAT(whole(bronze_of(live, {}, Positions{{"files", 9}})), ElementsAre("m"));
    EXPECT_THAT(whole(bronze_of(live, {}, Positions{{"files", 1}})), IsEmpty());
}

TEST(Bronze, published_dates_that_expired_are_touched) {
    lake::Snapshot previous;
    previous.tables["fact"].files = {{.event_date = "2025-03-13"}, {.event_date = "2025-03-14"}};
    previous.tables["gold"].files = {{.event_date = ""}};
    Bronze bronze{.retained_from = "2025-03-14"};
    expire(bronze, previous);
    EXPECT_THAT(bronze.touched, ElementsAre("2025-03-13"));
    EXPECT_TRUE(bronze.has_expired);
    Bronze all;
    expire(all, previous);
    EXPECT_FALSE(all.has_expired);
}

TEST(Bronze, a_selection_needs_it_as_the_snapshot_was_built_from_it) {
    lake::Snapshot previous{.bronze = {{"files", 3}, {"compact", 2}},
                            .retained_from = "2025-03-14"};
    auto live = lake_of({{"a", {{"files", 9}}}, {"m", {{"files", 9}, {"compact", 2}}}});
    live.retained_from = "2025-03-14";
    EXPECT_TRUE(check_unchanged_since(live, previous)) << "more entries and merges change nothing";
    live.files["m"].holds["compact"] = 3;
    EXPECT_EQ(check_unchanged_since(live, previous).error().kind, ErrorKind::usage);
    live.late.insert(live.files.extract("m"));
    EXPECT_EQ(check_unchanged_since(live, previous).error().kind, ErrorKind::usage);
    live.late.clear();
    EXPECT_TRUE(check_unchanged_since(live, previous));
    live.retained_from = "2025-03-15";
    EXPECT_EQ(check_unchanged_since(live, previous).error().kind, ErrorKind::usage);
}

TEST(Bronze, an_empty_lake_has_no_dates) {
    EXPECT_THAT(bronze_of({}, {}, {}).dates, IsEmpty());
}

}  // namespace
}  // namespace bassline::models
