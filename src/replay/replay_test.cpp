// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.hpp"

#include "lake/names.hpp"
#include "replay/test_replay_lake.hpp"

namespace bassline::replay {
namespace {

using event::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST_F(ReplayTest, what_is_good_now_goes_to_bronze_and_the_rest_stays) {
    ingest(home(kNowMs) + home(kTomorrowMs, 1) + "no JSON\n");
    EXPECT_EQ(rows(), std::pair(1ul, 2ul));
    const ReplaySummary summary = run();
    EXPECT_EQ(summary.records, 2u);
    EXPECT_EQ(summary.replayed, 1u);
    EXPECT_THAT(summary.written, ElementsAre(Pair("page_view_events", 1)));
    EXPECT_THAT(summary.refused, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(summary.entries, 1u);
    EXPECT_EQ(rows(), std::pair(2ul, 1ul));
}

TEST_F(ReplayTest, a_second_replay_finds_nothing_to_do) {
    ingest(home(kTomorrowMs) + "no JSON\n");
    EXPECT_EQ(run().replayed, 1u);
    const auto before = tree();
    const ReplaySummary again = run();
    EXPECT_EQ(again.entries, 0u);
    EXPECT_EQ(again.replayed, 0u);
    EXPECT_THAT(again.refused, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(tree(), before);
}

TEST_F(ReplayTest, a_rehearsal_tells_the_same_and_writes_nothing) {
    ingest(home(kNowMs) + home(kTomorrowMs, 1) + "no JSON\n");
    const auto before = tree();
    const auto summary = rehearse(*lake::open_lake_read_only(lake()).value(), {.scratch = root_},
                                  LaterClock(std::chrono::hours(3)));
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary.value().replayed, 1u);
    EXPECT_THAT(summary.value().written, ElementsAre(Pair("page_view_events", 1)));
    EXPECT_THAT(summary.value().refused, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(tree(), before);
}

// But for the order of rows, the lake is that of an ingest which never refused them.
TEST_F(ReplayTest, its_rows_are_those_that_ingest_would_have_written) {
    const std::string lines = home(kNowMs - kHourMs) + next_song(kNowMs + kHourMs) +
                              home(kNowMs + 2 * kHourMs, 11) + "no JSON\n";
    ingest(lines, {}, lake());
    ingest(lines, std::chrono::hours(24), root_ + "/straight");
    EXPECT_EQ(rows(), std::pair(1ul, 4ul));
    EXPECT_EQ(run({}, {}).written, (std::map<std::string, std::uint64_t>{{"listen_events", 1},
                                                                         {"page_view_events", 2}}));
    EXPECT_EQ(rows(), std::pair(4ul, 1ul));
    for (const auto kind : {lake::OutputKind::bronze, lake::OutputKind::quarantine}) {
        const std::string ours = all_rows(lake(), kind);
        const std::string straight = all_rows(root_ + "/straight", kind);
        EXPECT_THAT(texts("select cast(count(*) as varchar) from " + ours),
                    texts("select cast(count(*) as varchar) from " + straight));
        EXPECT_THAT(texts(fmt::format("select cast(rest as varchar) from ({} except {}) as rest",
                                      ours, straight)),
                    IsEmpty());
    }
}

TEST_F(ReplayTest, only_the_reasons_asked_for_are_tried) {
    ingest(home(kTomorrowMs) + "no JSON\n");
    const ReplaySummary summary = run({.reasons = {Reason::bad_json}});
    EXPECT_EQ(summary.not_asked, 1u);
    EXPECT_EQ(summary.replayed, 0u);
    EXPECT_EQ(run({.reasons = {Reason::ts_out_of_range}}).replayed, 1u);
    EXPECT_EQ(rows(), std::pair(1ul, 1ul));
}

TEST_F(ReplayTest, a_record_of_which_only_the_beginning_was_kept_is_never_a_row) {
    std::string line = home(kNowMs);
    line.insert(line.size() - 2, R"(,"tag":")" + std::string(2u << 20, 'x') + '"');
    ingest(line + home(kTomorrowMs, 3));
    const ReplaySummary summary = run();
    EXPECT_EQ(summary.skipped_cut, 1u);
    EXPECT_EQ(summary.replayed, 1u);
    EXPECT_EQ(rows(), std::pair(1ul, 1ul));
    EXPECT_THAT(texts("select cast(raw_bytes as varchar) from " +
                      all_rows(lake(), lake::OutputKind::quarantine)),
                ElementsAre(std::to_string(line.size() - 1)));
}

TEST_F(ReplayTest, folders_show_the_replayed_rows_after_the_grace_period) {
    ingest(home(kTomorrowMs));
    EXPECT_EQ(run().files_awaiting, 1u);
    EXPECT_EQ(seen_by_globs("bronze"), 0u);
    EXPECT_EQ(seen_by_globs("_quarantine"), 1u);
    EXPECT_EQ(run({}, std::chrono::hours(4)).files_removed, 1u);
    EXPECT_EQ(seen_by_globs("bronze"), 1u);
    EXPECT_EQ(seen_by_globs("_quarantine"), 0u);
    EXPECT_EQ(rows(), std::pair(1ul, 0ul));
}

TEST_F(ReplayTest, merged_quarantine_is_replayed_and_replayed_rows_are_merged) {
    for (int batch = 0; batch < 3; ++batch) {
        ingest(home(kTomorrowMs, batch) + fmt::format("no JSON {}\n", batch));
    }
    compact({.grace = {}});
    EXPECT_EQ(seen_by_globs("_quarantine"), 1u);
    EXPECT_EQ(run({.grace = {}}, std::chrono::hours(72)).replayed, 3u);
    EXPECT_EQ(rows(), std::pair(3ul, 3ul));
    ingest(home(kTomorrowMs - 24 * kHourMs, 40));
    run();
    compact(
        {.before = Timestamp(std::chrono::milliseconds(kTomorrowMs + 2 * kHourMs)), .grace = {}});
    EXPECT_EQ(rows(), std::pair(4ul, 3ul));
    EXPECT_EQ(run({}, std::chrono::hours(72)).entries, 0u);
}

TEST_F(ReplayTest, a_build_is_told_that_replayed_rows_are_new) {
    ingest(home(kNowMs) + home(kTomorrowMs));
    run();
    const auto log = lake::load_log(*open()).value();
    std::vector<lake::Positions> positions;
    for (const auto& [name, file] : log.live.files) positions.push_back(file.positions());
    EXPECT_THAT(positions,
                testing::UnorderedElementsAre(lake::Positions{{"files", 2}},
                                              lake::Positions{{"compact", 2}, {"files", 2}}));
    const auto entry = lake::read_entry(*open(), lake::kCompactChain, 1).value().entry;
    EXPECT_THAT(entry.dates_touched, ElementsAre(format_date(date_of_ms(kTomorrowMs))));
}

TEST_F(ReplayTest, a_compaction_holds_it_off) {
    ingest(home(kTomorrowMs));
    const auto files = open();
    const auto lock = lake::lock_chain(*files, lake::kCompactChain);
    const auto refused = try_replay();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
}

TEST_F(ReplayTest, a_changed_file_stops_it_by_its_name) {
    ingest(home(kTomorrowMs));
    const std::string path = live(lake(), lake::OutputKind::quarantine).front();
    std::filesystem::copy_file(path, root_ + "/kept");
    std::ofstream(path, std::ios::app) << "x";
    EXPECT_FALSE(try_replay());
    std::filesystem::remove(path);
    std::filesystem::copy_file(root_ + "/kept", path);
    EXPECT_EQ(run().replayed, 1u);
}

TEST_F(ReplayTest, verify_finds_an_entry_that_lost_a_record) {
    lake::LiveFiles live;
    lake::Entry ingested{.chain = "files", .seq = 1, .outputs = {{}}};
    ingested.outputs[0] = {.kind = lake::OutputKind::quarantine,
                           .final = "_quarantine/t/date=d/f",
                           .topic = "t",
                           .rows = 3};
    live.apply(ingested, "");
    lake::Entry replayed{.chain = "compact", .seq = 1};
    replayed.replaced = {
        {.chain = "files", .seq = 1, .final = "_quarantine/t/date=d/f", .rows = 3}};
    lake::Output made{.topic = "t", .rows = 2};
    made.final = "_ingest/compact/merged/bronze/t/date=d/hour=00/f";
    replayed.outputs = {made};
    replayed.counters["t"] = {.consumed = 2, .written = 2};
    EXPECT_THAT(live.problems_of(replayed), ElementsAre(testing::HasSubstr("replays 3 rows")));
    replayed.outputs[0].rows = 3;
    EXPECT_THAT(live.problems_of(replayed), ElementsAre(testing::HasSubstr("counts 2 t")));
    replayed.counters["t"] = {.consumed = 3, .written = 3};
    EXPECT_THAT(live.problems_of(replayed), IsEmpty());
}

}  // namespace
}  // namespace bassline::replay
