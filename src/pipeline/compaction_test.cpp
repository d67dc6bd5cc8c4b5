// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "base/test_fault.hpp"
#include "base/test_folder.hpp"
#include "compact/compact.hpp"
#include "compact/failpoints.hpp"
#include "ingest/ingest.hpp"
#include "ingest/verify.hpp"
#include "lake/chain_archive.hpp"
#include "lake/failpoints.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"

// A lake of many small batches, compacted with the real disk, and held against its logs each time.
namespace bassline::compact {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class FixedClock : public Clock {
public:
    explicit FixedClock(std::chrono::seconds later = {}) : later_(later) {}
    Timestamp now() const override {
        return Timestamp(std::chrono::seconds(1'741'200'000)) + later_;
    }

private:
    std::chrono::seconds later_;
};

std::string event(int item, int hour) {
    return fmt::format(
        R"({{"ts":{},"sessionId":{},"page":"Home","auth":"Guest","method":"GET","status":200,)"
        R"("level":"free","itemInSession":{},"userAgent":"agent {}"}})"
        "\n",
        1741132800000 + 3'600'000LL * hour + item, item / 10, item % 10, item % 3);
}

class CompactionTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("compaction");
        std::filesystem::create_directory(root_ + "/in");
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    void ingest(const std::string& content, std::chrono::seconds later = {}) {
        const std::string path = fmt::format("{}/in/{}.json", root_, batches_++);
        std::ofstream(path) << content;
        const auto files = lake::open_lake(lake()).value();
        ingest::Progress progress;
        const auto done = ingest::ingest(*files, {.inputs = {path}, .threads = 1},
                                         FixedClock(later), {}, progress, [](const auto&) {});
        ASSERT_TRUE(done) << done.error().message;
    }
    // Batches, each with a row for each of these hours.
    void ingest_hours(std::initializer_list<int> hours, int batches = 3) {
        for (int batch = 0; batch < batches; ++batch) {
            std::string lines;
            for (const int hour : hours) lines += event(batch, hour);
            ingest(lines);
        }
    }
    std::string lake() const { return root_ + "/lake"; }

    Result<CompactSummary> try_compact(const CompactOptions& options,
                                       std::chrono::seconds later = {}) const {
        TRY_ASSIGN(const auto files, lake::open_lake(lake()));
        return compact(*files, options, FixedClock(later), {});
    }
    CompactSummary run(const CompactOptions& options = {}, std::chrono::seconds later = {}) const {
        auto outcome = try_compact(options, later);
        EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
        return outcome ? std::move(outcome).value() : CompactSummary{};
    }
    ingest::VerifyReport expect_lake(std::uint64_t rows) const {
        auto report = ingest::verify(*lake::open_lake_read_only(lake()).value(),
                                     {.full = true, .scratch = root_})
                          .value();
        EXPECT_THAT(report.findings, IsEmpty());
        EXPECT_EQ(report.rows, rows);
        return report;
    }
    // Parquet files that a glob over the folder meets.
    std::size_t seen_by_globs(const std::string& folder = "bronze") const {
        std::size_t count = 0;
        if (!std::filesystem::exists(lake() + "/" + folder)) return 0;
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(lake() + "/" + folder)) {
            count += file.path().extension() == ".parquet";
        }
        return count;
    }

    std::string root_;
    int batches_ = 0;
};

TEST_F(CompactionTest, closed_hours_become_one_file_each_and_no_row_is_lost) {
    ingest_hours({0, 1, 2, 3});
    const CompactSummary summary = run();
    EXPECT_EQ(summary.files_merged, 6U);  // of the hours 0 and 1
    EXPECT_EQ(summary.files_written, 2U);
    EXPECT_EQ(summary.rows, 6U);
    EXPECT_EQ(summary.entries, 1U);
    EXPECT_EQ(expect_lake(12).files, 8U);
    EXPECT_EQ(run().entries, 0U);
}

TEST_F(CompactionTest, old_entries_go_into_archives_and_the_lake_reads_and_grows_as_before) {
    constexpr int kFiles = 1005;
    for (int file = 0; file < kFiles; ++file) {
        std::ofstream(fmt::format("{}/in/{:04}.json", root_, file)) << event(file, 0);
    }
    const auto ingest_all = [this] {
        const auto files = lake::open_lake(lake()).value();
        ingest::Progress progress;
        const auto done =
            ingest::ingest(*files, {.inputs = {root_ + "/in"}, .threads = 1, .batch_bytes = 1},
                           FixedClock(), {}, progress, [](const auto&) {});
        ASSERT_TRUE(done) << done.error().message;
    };
    ingest_all();
    const auto own_entries = [this] {
        const auto files = lake::open_lake_read_only(lake()).value();
        return files->list(lake::chain_log_directory(lake::kFilesChain)).value().size();
    };
    const CompactOptions all{.archive = {.newest = 0, .age = {}}};
    EXPECT_EQ(own_entries(), 1U + kFiles);
    run({}, std::chrono::hours(2));
    EXPECT_EQ(own_entries(), 1U + kFiles);  // among the newest
    run(all);
    EXPECT_EQ(own_entries(), 6U);
    expect_lake(kFiles);

    ingest_all();  // adds nothing
    EXPECT_EQ(own_entries(), 6U);
    ingest(event(7000, 1));
    std::filesystem::remove_all(lake() + "/_ingest/live_files");
    std::filesystem::remove_all(lake() + "/_ingest/files/checkpoint");
    ingest(event(7001, 1));
    run(all);
    expect_lake(kFiles + 2);
}

TEST_F(CompactionTest, chains_of_kafka_go_into_archives_once_what_dead_writers_staged_is_gone) {
    ingest_hours({0});
    const auto files = lake::open_lake(lake()).value();
    const std::string chain = lake::kafka_chain("listen_events", 0);
    ASSERT_TRUE(files->make_directories(lake::chain_log_directory(chain)));
    lake::Entry entry = lake::kafka_genesis(
        {.cluster_id = "c", .topic = "listen_events", .topic_id = "t"}, "w", FixedClock().now());
    for (std::uint64_t end = 0; end <= lake::kEntriesAnArchive; ++end) {
        const std::string content = lake::to_json(entry);
        std::ofstream(files->absolute(lake::chain_entry_path(chain, entry.seq))) << content;
        entry = {.chain = chain,
                 .seq = entry.seq + 1,
                 .prev_sha256 = sha256_hex(content),
                 .writer = "w",
                 .committed_at = FixedClock().now(),
                 .kafka_ranges = {{"listen_events", 0, end, end + 1, ""}}};
    }
    const std::string dead = lake::staging_directory(chain, "killed");
    ASSERT_TRUE(files->make_directories(dead));
    ASSERT_TRUE(files->write_durably(dead + "/7-rows.staged", "rows"));
    const auto own_entries = [&] {
        return files->list(lake::chain_log_directory(chain)).value().size();
    };
    const CompactOptions all{.archive = {.newest = 0, .age = {}}};
    run(all);
    EXPECT_EQ(own_entries(), 1 + lake::kEntriesAnArchive) << "its writer may be alive";

    for (const std::string& path : {dead + "/7-rows.staged", dead}) {
        std::filesystem::last_write_time(
            files->absolute(path),
            std::filesystem::file_time_type::clock::now() - std::chrono::hours(3));
    }
    run(all);
    EXPECT_EQ(own_entries(), 1U);
    expect_lake(3);
}

TEST_F(CompactionTest, folders_show_the_inputs_for_the_grace_period_and_then_the_merged_file) {
    ingest_hours({0, 3});
    EXPECT_EQ(run().files_awaiting, 3U);
    EXPECT_EQ(seen_by_globs(), 6U);
    EXPECT_EQ(run({}, std::chrono::minutes(9)).files_removed, 0U);
    EXPECT_EQ(run({}, std::chrono::minutes(11)).files_removed, 3U);
    EXPECT_EQ(seen_by_globs(), 4U);
    expect_lake(6);
}

TEST_F(CompactionTest, one_made_while_the_clock_was_ahead_is_in_grace_no_longer_than_the_next) {
    ingest_hours({0, 3});
    EXPECT_EQ(run({}, std::chrono::hours(24 * 365)).files_awaiting, 3U);
    EXPECT_EQ(run({}, std::chrono::minutes(11)).files_removed, 0U) << "nothing tells its age";
    ingest_hours({1, 5});
    const std::uint64_t awaiting = run({}, std::chrono::minutes(11)).files_awaiting;
    EXPECT_GT(awaiting, 3U);
    EXPECT_EQ(run({}, std::chrono::minutes(20)).files_removed, 0U);
    EXPECT_EQ(run({}, std::chrono::minutes(22)).files_removed, awaiting);
    expect_lake(12);
}

TEST_F(CompactionTest, late_rows_of_a_merged_hour_are_merged_with_it) {
    ingest_hours({0, 3});
    run();
    ingest(event(50, 0));
    EXPECT_EQ(run({.grace = {}}).files_merged, 2U);
    EXPECT_EQ(expect_lake(7).files, 4U);
    EXPECT_EQ(seen_by_globs(), 4U);
}

TEST_F(CompactionTest, an_hour_is_merged_early_if_the_user_says_so) {
    ingest_hours({0, 1});
    EXPECT_EQ(run().files_merged, 0U);
    EXPECT_EQ(
        run({.before = Timestamp(std::chrono::milliseconds(1741132800000)) + std::chrono::hours(1)})
            .files_merged,
        3U);
    expect_lake(6);
}

TEST_F(CompactionTest, quarantined_lines_are_merged_when_their_day_is_over) {
    for (int batch = 0; batch < 3; ++batch) ingest(fmt::format("no JSON {}\n", batch));
    EXPECT_EQ(run().files_merged, 0U);
    EXPECT_EQ(run({.grace = {}}, std::chrono::hours(24)).files_merged, 3U);
    EXPECT_EQ(seen_by_globs("_quarantine"), 1U);
    expect_lake(3);
}

TEST_F(CompactionTest, whole_dates_expire_and_do_not_come_back) {
    ingest_hours({-72, -25, 0});
    const CompactSummary summary = run({.retain_days = 2, .grace = {}});
    EXPECT_EQ(summary.retained_from, "2025-03-04");
    EXPECT_EQ(summary.rows_expired, 6U);
    EXPECT_FALSE(std::filesystem::exists(lake() + "/bronze/page_view_events/date=2025-03-02"));
    EXPECT_EQ(expect_lake(3).rows_expired, 6U);
    ingest(event(70, -72));
    auto report = expect_lake(3);
    EXPECT_EQ(report.rows_expired, 7U);
    EXPECT_EQ(run({.retain_days = 30, .grace = {}}).files_removed, 1U);
    EXPECT_EQ(seen_by_globs(), 3U);
    report = expect_lake(3);
    EXPECT_EQ(report.retained_from, "2025-03-04");
}

TEST_F(CompactionTest, a_changed_input_stops_the_compaction_by_its_name) {
    ingest_hours({0, 3});
    std::string changed;
    for (const auto& file : std::filesystem::recursive_directory_iterator(lake() + "/bronze")) {
        if (file.path().extension() == ".parquet" && changed.empty()) changed = file.path();
    }
    std::fstream(changed, std::ios::in | std::ios::out | std::ios::binary) << "PARX";
    const auto refused = try_compact({.before = FixedClock().now()});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(refused.error().message, HasSubstr(changed));
    EXPECT_EQ(seen_by_globs(), 6U);
}

TEST_F(CompactionTest, a_second_compaction_is_refused_and_ingest_is_not) {
    ingest_hours({0, 3});
    const auto files = lake::open_lake(lake()).value();
    const auto lock = lake::lock_chain(*files, lake::kCompactChain);
    const auto refused = try_compact({});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    ingest(event(99, 3));
    expect_lake(7);
}

TEST_F(CompactionTest, verify_finds_a_replaced_file_that_stands_again_and_a_hidden_merged_one) {
    ingest_hours({0, 3});
    const std::string folder = lake() + "/bronze/page_view_events/date=2025-03-05/hour=00/";
    const std::string input = folder + "page_view_events-files-1-1of2.parquet";
    std::filesystem::copy_file(input, root_ + "/kept");
    run({.grace = {}});
    std::filesystem::copy_file(root_ + "/kept", input);
    std::filesystem::remove(folder + "page_view_events-compact-1-1of1.parquet");
    const auto report =
        ingest::verify(*lake::open_lake_read_only(lake()).value(), {.scratch = root_}).value();
    EXPECT_THAT(report.findings,
                testing::UnorderedElementsAre(HasSubstr("stands again"),
                                              HasSubstr("missing from its folder")));
}

// Every storage call and every named place of a compaction that merges, expires and sweeps: fail
// there (or die there); readers see every row once, and the next compaction finishes.
class CompactionFaultTest : public CompactionTest, public testing::WithParamInterface<const char*> {
protected:
    static CompactOptions options() { return {.retain_days = 2, .grace = {}}; }

    void expect_readable() const {
        auto report =
            ingest::verify(*lake::open_lake_read_only(lake()).value(), {.scratch = root_}).value();
        EXPECT_THAT(report.findings, IsEmpty());
        EXPECT_EQ(report.rows + report.rows_expired, 6U);
    }
};

TEST_P(CompactionFaultTest, at_every_passing_leaves_every_row_readable_and_is_healed_by_the_next) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "starts processes, shows nothing about threads, and takes long here";
#endif
    ingest_hours({-72, 0, 3}, 2);
    std::filesystem::rename(lake(), root_ + "/original");
    at_every_passing(
        GetParam(), {.first = 4, .stride = 13},
        [&] {
            std::filesystem::remove_all(lake());
            std::filesystem::copy(root_ + "/original", lake(),
                                  std::filesystem::copy_options::recursive);
        },
        [&] { return try_compact(options()); },
        [&] {
            expect_readable();
            run(options());
            EXPECT_EQ(expect_lake(4).rows_expired, 2U);
            EXPECT_EQ(seen_by_globs(), 3U);  // one merged, two of the open hour
        });
}

INSTANTIATE_TEST_SUITE_P(StorageCalls, CompactionFaultTest,
                         testing::Values("storage.create", "storage.append", "storage.sync",
                                         "storage.rename_no_replace", "storage.rename_over",
                                         "storage.link", "storage.sync_directory",
                                         "storage.make_directory", "storage.remove",
                                         "storage.remove_all"));
INSTANTIATE_TEST_SUITE_P(
    ChainPlaces, CompactionFaultTest,
    testing::Values(lake::kCommitBeforeStaged.data(), lake::kCommitBeforeRename.data(),
                    lake::kCommitAfterRename.data(), lake::kCommitAfterSync.data(),
                    lake::kPublishBeforeFile.data(), lake::kPublishBeforeSync.data(),
                    lake::kPublishDone.data(), lake::kRecoverBeforeJanitor.data()));
INSTANTIATE_TEST_SUITE_P(CompactionPlaces, CompactionFaultTest,
                         testing::Values(kClaimed.data(), kMerged.data(), kSealed.data(),
                                         kPublished.data(), kShown.data(), kRemoved.data(),
                                         kSwept.data()));

}  // namespace
}  // namespace bassline::compact
