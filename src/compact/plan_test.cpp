// SPDX-License-Identifier: Apache-2.0
#include "compact/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/names.hpp"

namespace bassline::compact {
namespace {

using lake::LiveFile;
using lake::LiveFiles;
using lake::OutputKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Date kToday = std::chrono::sys_days(std::chrono::year(2025) / 3 / 14);
constexpr Timestamp kNoon = Timestamp(kToday) + std::chrono::hours(12);

void add(LiveFiles& live, const std::string& name, const std::string& date, int hour,
         std::uint64_t bytes = 1000) {
    LiveFile file{.output = {.final = name,
                             .topic = "auth_events",
                             .date = date,
                             .hour = hour,
                             .rows = 1,
                             .bytes = bytes,
                             .min_event_ms = static_cast<std::int64_t>(live.files.size())},
                  .chain = "files",
                  .seq = live.files.size()};
    live.files[name] = std::move(file);
}

void add_quarantine(LiveFiles& live, const std::string& name, const std::string& date) {
    add(live, name, date, -1);
    live.files[name].output.kind = OutputKind::quarantine;
}

std::vector<std::vector<std::string>> names_of(const std::vector<Merge>& merges) {
    std::vector<std::vector<std::string>> names;
    for (const Merge& merge : merges) {
        names.emplace_back();
        for (const LiveFile& file : merge.inputs) names.back().push_back(file.output.final);
    }
    return names;
}

TEST(CompactPlan, an_hour_is_closed_when_the_newest_event_is_two_hours_on) {
    const auto ms = [](Timestamp time) { return time.time_since_epoch().count() / 1000; };
    const Timestamp before = closed_before(ms(kNoon + std::chrono::minutes(59)));
    EXPECT_EQ(before, kNoon - std::chrono::hours(1));
    LiveFiles live;
    for (const int hour : {10, 11}) {
        add(live, fmt::format("{}a", hour), "2025-03-14", hour);
        add(live, fmt::format("{}b", hour), "2025-03-14", hour);
    }
    EXPECT_THAT(names_of(plan_merges(live, before, kToday, {})),
                ElementsAre(ElementsAre("10a", "10b")));
}

TEST(CompactPlan, files_of_one_topic_and_hour_become_one_in_the_order_of_their_events) {
    LiveFiles live;
    add(live, "z", "2025-03-13", 5);
    add(live, "y", "2025-03-13", 6);
    add(live, "x", "2025-03-13", 5);
    add(live, "w", "2025-03-13", 6);
    add(live, "alone", "2025-03-13", 7);
    EXPECT_THAT(names_of(plan_merges(live, kNoon, kToday, {})),
                ElementsAre(ElementsAre("z", "x"), ElementsAre("y", "w")));
}

TEST(CompactPlan, large_files_stay_and_outputs_are_bounded) {
    LiveFiles live;
    for (int file = 0; file < 6; ++file) {
        add(live, std::to_string(file), "2025-03-13", 5, file == 3 ? 70 : 40);
    }
    const PlanLimits limits{.small_bytes = 64, .output_bytes_max = 100};
    EXPECT_THAT(names_of(plan_merges(live, kNoon, kToday, limits)),
                ElementsAre(ElementsAre("0", "1"), ElementsAre("2", "4")));
}

TEST(CompactPlan, quarantine_is_merged_when_its_day_is_over_or_its_files_are_many) {
    LiveFiles live;
    add_quarantine(live, "a", "2025-03-13");
    add_quarantine(live, "b", "2025-03-13");
    add_quarantine(live, "c", "2025-03-14");
    add_quarantine(live, "d", "2025-03-14");
    EXPECT_THAT(names_of(plan_merges(live, kNoon, kToday, {})), ElementsAre(ElementsAre("a", "b")));
    EXPECT_THAT(plan_merges(live, kNoon, kToday, {.open_files_min = 2}), SizeIs(2));
}

TEST(CompactPlan, an_hour_that_still_fills_is_merged_when_its_files_are_many) {
    LiveFiles live;
    for (const char* const name : {"a", "b", "c"}) add(live, name, "2025-03-14", 12);
    EXPECT_THAT(plan_merges(live, kNoon, kToday, {.open_files_min = 4}), IsEmpty());
    EXPECT_THAT(names_of(plan_merges(live, kNoon, kToday, {.open_files_min = 3})),
                ElementsAre(ElementsAre("a", "b", "c")));
}

TEST(CompactPlan, late_events_beside_bronze_are_merged_by_themselves) {
    LiveFiles live;
    for (const char* name : {"a", "b", "late a", "late b"}) add(live, name, "2025-03-13", 5);
    for (const char* name : {"late a", "late b"}) live.files[name].output.kind = OutputKind::late;
    EXPECT_THAT(names_of(plan_merges(live, kNoon, kToday, {})),
                ElementsAre(ElementsAre("a", "b"), ElementsAre("late a", "late b")));
}

TEST(CompactPlan, an_entry_holds_whole_merges_up_to_its_limits) {
    LiveFiles live;
    for (int hour = 0; hour < 5; ++hour) {
        add(live, fmt::format("{}a", hour), "2025-03-13", hour, 10);
        add(live, fmt::format("{}b", hour), "2025-03-13", hour, 10);
    }
    const auto merges = plan_merges(live, kNoon, kToday, {});
    EXPECT_THAT(in_entries(merges, {}), SizeIs(1));
    EXPECT_THAT(in_entries(merges, {.entry_bytes_max = 40}),
                ElementsAre(SizeIs(2), SizeIs(2), SizeIs(1)));
    EXPECT_THAT(in_entries(merges, {.entry_files_max = 1}), SizeIs(5));
    EXPECT_THAT(in_entries({}, {}), IsEmpty());
}

TEST(CompactPlan, whole_dates_expire_counted_from_the_newest_event) {
    LiveFiles live;
    live.watermark_ms = Timestamp(kToday).time_since_epoch().count() / 1000;
    add(live, "old", "2025-03-12", 23);
    add(live, "kept", "2025-03-13", 0);
    add(live, "old and late", "2025-03-12", 23);
    live.files["old and late"].output.kind = OutputKind::late;
    add_quarantine(live, "old bad lines", "2025-03-01");
    add_quarantine(live, "bad lines", "2025-03-14");
    const Expiry expiry = plan_expiry(live, 2, kToday);
    EXPECT_EQ(expiry.retained_from, "2025-03-13");
    ASSERT_THAT(expiry.files, SizeIs(3));
    EXPECT_EQ(expiry.files[0].output.final, "old");
    EXPECT_EQ(expiry.files[1].output.final, "old and late");
    EXPECT_EQ(expiry.files[2].output.final, "old bad lines");
}

TEST(CompactPlan, what_expired_stays_expired_and_late_files_follow) {
    LiveFiles live{.retained_from = "2025-03-10"};
    live.watermark_ms = Timestamp(kToday).time_since_epoch().count() / 1000;
    live.late["late"].output = {.final = "late", .date = "2025-03-01"};
    const Expiry expiry = plan_expiry(live, 365, kToday);
    EXPECT_EQ(expiry.retained_from, "2025-03-10");
    EXPECT_THAT(expiry.files, SizeIs(1));
}

}  // namespace
}  // namespace bassline::compact
