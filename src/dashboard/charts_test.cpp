// SPDX-License-Identifier: Apache-2.0
#include "dashboard/charts.hpp"

#include <gtest/gtest.h>

#include "dashboard/summary.hpp"
#include "dashboard/test_day.hpp"

namespace bassline::dashboard {
namespace {

// Two users on three days: Friday 14, Saturday 15 and Monday 17 March 2025; nothing on Sunday 16.
Gold make_gold() {
    Gold gold;
    gold.watermark = Timestamp(day("2025-03-17")) + std::chrono::hours(12);
    gold.user_days = {{day("2025-03-14"), 7, 4, 3, 3, 1, 700'000},
                      {day("2025-03-15"), 7, 1, 1, 0, 1, 100'000},
                      {day("2025-03-15"), 8, 2, 1, 2, 0, 60'500},
                      {day("2025-03-17"), 8, 1, 1, 1, 0, 30'001}};
    gold.songs = {{"Same", "Two", 2}, {"Same", "One", 1}, {"Third", "One", 3}};
    gold.song_days = {{day("2025-03-14"), 1, 3, 3, 600'000},
                      {day("2025-03-14"), 0, 1, 0, 100'000},
                      {day("2025-03-15"), 0, 2, 1, 100'500},
                      {day("2025-03-15"), 2, 1, 1, 60'000},
                      {day("2025-03-17"), 2, 1, 1, 30'001}};
    gold.active_days = {{day("2025-03-14"), 1, 1, 1}, {day("2025-03-15"), 3, 3, 3}};
    gold.level_days = {{day("2025-03-14"), Level::free, 3, 2, 400'000, 1},
                       {day("2025-03-14"), Level::paid, 1, 1, 300'000, 0},
                       {day("2025-03-15"), Level::free, 2, 1, 60'500, 2},
                       {day("2025-03-15"), Level::paid, 1, 1, 100'000, 1}};
    gold.session_buckets = {"under 1 min", "1 to 5 min"};
    gold.session_days = {{day("2025-03-14"), 0, 1, 1, 30'000},
                         {day("2025-03-15"), 0, 1, 1, 10'000},
                         {day("2025-03-15"), 1, 2, 1, 200'000}};
    gold.status_days = {{day("2025-03-14"), 200, 8},
                        {day("2025-03-15"), 200, 8},
                        {day("2025-03-15"), 307, 3},
                        {day("2025-03-15"), 404, 1}};
    return gold;
}

std::vector<Cell> row(std::initializer_list<Cell> cells) {
    return cells;
}

const DateRange kFirstDays{day("2025-03-14"), day("2025-03-15")};

TEST(Charts, daily_listens_fill_days_without_any) {
    const Gold gold = make_gold();
    const Table table = daily_listens(gold, gold.dates());
    ASSERT_EQ(table.rows.size(), 4U);
    EXPECT_EQ(table.rows[1], row({"2025-03-15", std::int64_t{2}, std::int64_t{1}, std::int64_t{3},
                                  std::int64_t{2}, 1.5}));
    EXPECT_EQ(table.rows[2], row({"2025-03-16", std::int64_t{0}, std::int64_t{0}, std::int64_t{0},
                                  std::int64_t{0}, std::monostate{}}));
}

TEST(Charts, songs_are_recordings_and_ties_follow_the_all_time_rank) {
    const Gold gold = make_gold();
    const Table all = top_songs(gold, gold.dates());
    ASSERT_EQ(all.rows.size(), 3U);
    EXPECT_EQ(all.rows[0][1], Cell("Same"));
    EXPECT_EQ(all.rows[0][2], Cell("One"));
    EXPECT_EQ(all.rows[1][2], Cell("Two"));
    EXPECT_EQ(all.rows[1][5], Cell(200.5));
    const Table monday = top_songs(gold, {day("2025-03-17"), day("2025-03-17")});
    ASSERT_EQ(monday.rows.size(), 1U);
    EXPECT_EQ(monday.rows[0],
              row({std::int64_t{1}, "Third", "One", std::int64_t{1}, std::int64_t{1}, 30.001}));
}

TEST(Charts, only_the_top_songs_are_listed) {
    Gold gold;
    for (std::uint32_t song = 0; song < 30; ++song) {
        gold.songs.push_back({"title", "artist", song + 1});
        gold.song_days.push_back({day("2025-03-14"), song, 1, 1, 1000});
    }
    EXPECT_EQ(top_songs(gold, kFirstDays).rows.size(), kTopSongs);
}

TEST(Charts, a_weekday_is_a_mean_over_user_days_and_null_without_any) {
    const Gold gold = make_gold();
    const Table table = weekday_listening(gold, gold.dates());
    ASSERT_EQ(table.rows.size(), 7U);
    EXPECT_EQ(table.rows[0], row({"Monday", 30.001, 30.001, std::int64_t{1}, 30.001}));
    EXPECT_EQ(table.rows[1],
              row({"Tuesday", std::monostate{}, std::monostate{}, std::int64_t{0}, 0.0}));
    EXPECT_EQ(table.rows[4], row({"Friday", 700.0, 700.0, std::int64_t{1}, 700.0}));
    EXPECT_EQ(table.rows[5], row({"Saturday", 80.25, 80.25, std::int64_t{2}, 160.5}));
}

TEST(Charts, a_median_between_two_values_is_rounded_to_milliseconds) {
    Gold gold;
    gold.user_days = {{day("2025-03-14"), 1, 1, 1, 1, 0, 1000},
                      {day("2025-03-14"), 2, 1, 1, 1, 0, 1001}};
    EXPECT_EQ(weekday_listening(gold, kFirstDays).rows[4][2], Cell(1.001));
}

TEST(Charts, a_listener_at_both_levels_counts_at_both_and_once_over_many_days) {
    const Table table = free_against_paid(make_gold(), kFirstDays);
    ASSERT_EQ(table.rows.size(), 2U);
    EXPECT_EQ(table.rows[0][1], Cell(std::int64_t{2}));  // users 7 and 8
    EXPECT_EQ(table.rows[1][1], Cell(std::int64_t{1}));  // user 7 on two days
    EXPECT_EQ(table.rows[0][2], Cell(std::int64_t{5}));
    EXPECT_EQ(table.rows[1][4], Cell(400'000 / 3'600'000.0));
    EXPECT_EQ(table.rows[1][6], Cell(2.0));
}

TEST(Charts, sessions_and_statuses_are_summed_over_the_range) {
    const Gold gold = make_gold();
    const Table lengths = session_lengths(gold, kFirstDays);
    ASSERT_EQ(lengths.rows.size(), 2U);
    EXPECT_EQ(lengths.rows[0], row({"under 1 min", std::int64_t{2}, 0.5, 20.0}));
    EXPECT_EQ(lengths.rows[1], row({"1 to 5 min", std::int64_t{2}, 0.5, 200.0}));
    const Table statuses = status_codes(gold, kFirstDays);
    ASSERT_EQ(statuses.rows.size(), 3U);
    EXPECT_EQ(statuses.rows[0], row({std::int64_t{200}, std::int64_t{16}, 0.8}));
    EXPECT_EQ(daily_active_users(gold, kFirstDays).rows.size(), 2U);
}

TEST(Charts, an_empty_range_or_no_data_gives_no_rows) {
    const Gold gold = make_gold();
    const Gold nothing;
    EXPECT_TRUE(nothing.dates().is_empty());
    for (const Chart& chart : charts()) {
        EXPECT_TRUE(chart.compute(gold, {day("2025-03-02"), day("2025-03-01")}).rows.empty())
            << chart.id;
        EXPECT_TRUE(chart.compute(nothing, nothing.dates()).rows.empty()) << chart.id;
    }
    EXPECT_EQ(find_chart("no such"), nullptr);
    EXPECT_EQ(find_chart("top_songs")->id, "top_songs");
}

TEST(Summary, compares_with_the_period_before_only_where_the_data_reaches) {
    const Gold gold = make_gold();
    const auto whole = summarise(gold, gold.dates());
    ASSERT_EQ(whole.size(), 6U);
    EXPECT_EQ(whole[0].value, 8.0);
    EXPECT_FALSE(whole[0].previous);
    EXPECT_EQ(whole[0].by_day.size(), 4U);
    EXPECT_EQ(whole[1].value, 2.0);        // two listeners, not four user-days
    EXPECT_EQ(whole[3].value, 240.0 / 3);  // mean session, without the overlong one
    EXPECT_EQ(whole[4].value, 2.0 / 8);    // paid share
    EXPECT_EQ(whole[5].value, 1.0 / 20);   // error ratio
    EXPECT_FALSE(whole[3].by_day[2]);      // no session on the 16th
    const auto last = summarise(gold, {day("2025-03-15"), day("2025-03-15")});
    EXPECT_EQ(last[0].value, 3.0);
    EXPECT_EQ(last[0].compared, 3.0);
    EXPECT_EQ(last[0].previous, 4.0);
    EXPECT_FALSE(summarise(gold, {day("2025-03-16"), day("2025-03-16")})[3].value);
}

TEST(Summary, the_incomplete_day_is_on_neither_side_of_a_comparison) {
    Gold gold = make_gold();
    const DateRange range{day("2025-03-16"), day("2025-03-17")};
    const DateRange without_last{day("2025-03-16"), day("2025-03-16")};
    EXPECT_EQ(compared_days(gold, range), without_last);
    const auto tiles = summarise(gold, range);
    EXPECT_EQ(tiles[0].value, 1.0);  // the incomplete day's, shown all the same
    EXPECT_EQ(tiles[0].compared, 0.0);
    EXPECT_EQ(tiles[0].previous, 3.0);  // of the 15th alone
    const DateRange only{day("2025-03-17"), day("2025-03-17")};
    EXPECT_TRUE(compared_days(gold, only).is_empty());
    EXPECT_EQ(summarise(gold, only)[0].value, 1.0);
    EXPECT_FALSE(summarise(gold, only)[0].compared);
    EXPECT_FALSE(summarise(gold, only)[0].previous);
    gold.watermark = Timestamp(day("2025-03-18")) - std::chrono::minutes(1);
    EXPECT_EQ(compared_days(gold, range), range);
    EXPECT_EQ(summarise(gold, range)[0].previous, 7.0);
}

TEST(Gold, a_day_is_incomplete_until_the_data_reaches_its_end) {
    Gold gold = make_gold();
    EXPECT_EQ(incomplete_day(gold), day("2025-03-17"));
    gold.watermark = Timestamp(day("2025-03-18")) - std::chrono::minutes(4);
    EXPECT_EQ(incomplete_day(gold), std::nullopt);
    gold.watermark = Timestamp(day("2025-03-18"));
    EXPECT_EQ(incomplete_day(gold), day("2025-03-18"));
}

}  // namespace
}  // namespace bassline::dashboard
