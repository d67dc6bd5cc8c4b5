// SPDX-License-Identifier: Apache-2.0
#include "lake/snapshot.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/failpoint.hpp"
#include "lake/names.hpp"
#include "lake/projection.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

using namespace std::chrono_literals;

const Timestamp kNow = Timestamp(std::chrono::seconds(1'742'000'000));

class Snapshots : public testing::Test {
protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        directory_ = std::filesystem::path(testing::TempDir()) /
                     fmt::format("{}-{}", test->name(), ::getpid());
        std::filesystem::remove_all(directory_);
        files_ = storage::open_local(directory_).value();
    }
    void TearDown() override {
        files_.reset();
        std::filesystem::remove_all(directory_);
    }

    // A snapshot after `previous` whose named (table, date) files are new and hold its number;
    // others stay.
    Snapshot next(const std::optional<Snapshot>& previous,
                  const std::vector<std::pair<std::string, std::string>>& changed,
                  Timestamp now = kNow) {
        Snapshot snapshot = previous.value_or(Snapshot{.engine = "duckdb"});
        snapshot.prev_sha256 = previous ? sha256_of(*previous) : "";
        snapshot.n += 1;
        snapshot.run = make_run_id(snapshot.n, now);
        snapshot.committed_at = now;
        for (const auto& [name, date] : changed) {
            const std::string path = version_path(snapshot.run, name, date);
            EXPECT_TRUE(files_->make_directories(storage::parent_path(path)));
            const auto digest = files_->write_durably(path, std::to_string(snapshot.n)).value();
            Table& table = snapshot.tables[name];
            table.layer = name.starts_with("int_")    ? "intermediate"
                          : name.starts_with("fact_") ? "silver"
                                                      : "gold";
            std::erase_if(table.files, [&date = date](const TableFile& file) {
                return file.event_date == date;
            });
            table.files.push_back({.event_date = date,
                                   .path = path,
                                   .rows = 1,
                                   .bytes = digest.bytes,
                                   .xxh64 = digest.xxh64});
        }
        return snapshot;
    }

    std::string content(const std::string& path) { return files_->read(path).value(); }
    bool stands(const std::string& path) { return files_->exists(path).value(); }

    std::filesystem::path directory_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(Snapshots, a_lake_that_was_never_built_has_none) {
    EXPECT_FALSE(newest_snapshot(*files_).value());
}

TEST_F(Snapshots, the_text_and_back_is_the_same_snapshot) {
    Snapshot snapshot =
        next({}, {{"gold_a", ""}, {"fact_b", "2025-03-14"}, {"int_c", "2025-03-14"}});
    snapshot.models = {{"gold_a", "f1"}};
    snapshot.bronze = {{"files", 7}};
    snapshot.watermark_ms = 1'742'000'000'123;
    EXPECT_EQ(snapshot_from_json(to_json(snapshot)).value(), snapshot);
}

TEST_F(Snapshots, a_changed_byte_is_damage_and_a_newer_format_is_refused_by_name) {
    const std::string text = to_json(next({}, {{"gold_a", ""}}));
    std::string damaged = text;
    damaged[text.find("\"rows\":1") + 7] = '2';
    EXPECT_EQ(snapshot_from_json(damaged).error().kind, ErrorKind::bad_data);
    std::string newer = text;
    newer.replace(newer.find("\"format\":1"), 10, "\"format\":2");
    EXPECT_EQ(snapshot_from_json(newer).error().kind, ErrorKind::config);
}

TEST_F(Snapshots, the_newest_is_the_one_with_the_greatest_number) {
    const Snapshot first = next({}, {{"gold_a", ""}});
    const Snapshot second = next(first, {{"gold_a", ""}});
    ASSERT_TRUE(commit(*files_, first));
    ASSERT_TRUE(commit(*files_, second));
    EXPECT_EQ(*newest_snapshot(*files_).value(), second);
}

TEST_F(Snapshots, a_taken_number_is_a_conflict_and_a_repeated_commit_is_not) {
    const Snapshot first = next({}, {{"gold_a", ""}});
    ASSERT_TRUE(commit(*files_, first));
    EXPECT_TRUE(commit(*files_, first));
    Snapshot rival = first;
    rival.run = "00000001-rival";
    EXPECT_EQ(commit(*files_, rival).error().kind, ErrorKind::conflict);
}

TEST_F(Snapshots, projection_gives_silver_and_gold_fixed_names_and_hides_intermediates) {
    const Snapshot first =
        next({}, {{"gold_a", ""}, {"fact_b", "2025-03-14"}, {"int_c", "2025-03-14"}});
    ASSERT_TRUE(commit(*files_, first));
    ASSERT_TRUE(project(*files_, first));
    EXPECT_EQ(content("gold/gold_a/gold_a.parquet"), "1");
    EXPECT_EQ(content("silver/fact_b/event_date=2025-03-14/fact_b.parquet"), "1");
    EXPECT_FALSE(stands("intermediate"));
}

TEST_F(Snapshots, a_later_projection_replaces_changed_files_and_removes_emptied_dates_and_tables) {
    const Snapshot first = next(
        {}, {{"gold_a", ""}, {"gold_old", ""}, {"fact_b", "2025-03-14"}, {"fact_b", "2025-03-15"}});
    ASSERT_TRUE(commit(*files_, first));
    ASSERT_TRUE(project(*files_, first));
    Snapshot second = next(first, {{"gold_a", ""}});
    second.tables.erase("gold_old");
    second.tables["fact_b"].files.pop_back();
    ASSERT_TRUE(project(*files_, second));
    EXPECT_EQ(content("gold/gold_a/gold_a.parquet"), "2");
    EXPECT_EQ(content("silver/fact_b/event_date=2025-03-14/fact_b.parquet"), "1");
    EXPECT_FALSE(stands("silver/fact_b/event_date=2025-03-15"));
    EXPECT_FALSE(stands("gold/gold_old"));
}

TEST_F(Snapshots, a_projection_stopped_anywhere_is_finished_by_the_next) {
    const std::vector<std::pair<std::string, std::string>> all = {
        {"gold_a", ""}, {"gold_b", ""}, {"fact_c", "2025-03-14"}};
    std::optional<Snapshot> newest;
    for (int stop = 1; stop <= 4; ++stop) {
        newest = next(newest, all);
        ASSERT_TRUE(commit(*files_, *newest));
        const std::string fault = stop < 4 ? fmt::format("lake.snapshot.project_file=eio@{}", stop)
                                           : std::string("lake.snapshot.project_done=eio");
        ::setenv("BASSLINE_FAILPOINTS", fault.c_str(), 1);
        ASSERT_TRUE(arm_failpoints_from_environment());
        EXPECT_FALSE(project(*files_, *newest)) << fault;
        ::unsetenv("BASSLINE_FAILPOINTS");
        failpoints_armed = false;
        ASSERT_TRUE(project(*files_, *newest));
        for (const char* path : {"gold/gold_a/gold_a.parquet", "gold/gold_b/gold_b.parquet",
                                 "silver/fact_c/event_date=2025-03-14/fact_c.parquet"}) {
            EXPECT_EQ(content(path), std::to_string(newest->n)) << fault;
        }
        EXPECT_FALSE(stands("_snapshots/projecting"));
    }
}

TEST_F(Snapshots, pruning_keeps_a_day_the_last_two_and_every_file_they_name) {
    const Snapshot first = next({}, {{"gold_a", ""}, {"gold_kept", ""}}, kNow);
    const Snapshot second = next(first, {{"gold_a", ""}}, kNow + 1h);
    const Snapshot third = next(second, {{"gold_a", ""}}, kNow + 2h);
    for (const Snapshot& snapshot : {first, second, third}) ASSERT_TRUE(commit(*files_, snapshot));
    ASSERT_TRUE(prune(*files_, kNow + 23h));
    EXPECT_EQ(list_snapshots(*files_).value().size(), 3u);
    ASSERT_TRUE(prune(*files_, kNow + 50h));
    EXPECT_EQ(list_snapshots(*files_).value(), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_TRUE(stands(third.tables.at("gold_kept").files[0].path))
        << "still named by snapshots 2 and 3";
    const Snapshot fourth = next(third, {{"gold_a", ""}, {"gold_kept", ""}}, kNow + 51h);
    const Snapshot fifth = next(fourth, {{"gold_a", ""}}, kNow + 52h);
    ASSERT_TRUE(commit(*files_, fourth));
    ASSERT_TRUE(commit(*files_, fifth));
    ASSERT_TRUE(prune(*files_, kNow + 75h));
    EXPECT_EQ(list_snapshots(*files_).value(), (std::vector<std::uint64_t>{4, 5}));
    EXPECT_FALSE(stands("_versions/" + first.run));
    EXPECT_FALSE(stands("_versions/" + third.run));
    EXPECT_TRUE(stands("_versions/" + fourth.run));
}

TEST_F(Snapshots, what_a_needed_run_made_beside_what_is_needed_goes_with_its_snapshot) {
    const Snapshot first =
        next({}, {{"gold_a", ""}, {"fact_c", "2025-03-14"}, {"fact_c", "2025-03-15"}}, kNow);
    Snapshot second = next(first, {{"gold_a", ""}, {"fact_c", "2025-03-15"}}, kNow + 1h);
    const Snapshot third = next(second, {{"gold_a", ""}}, kNow + 2h);
    for (const Snapshot& snapshot : {first, second, third}) ASSERT_TRUE(commit(*files_, snapshot));
    ASSERT_TRUE(prune(*files_, kNow + 50h));
    EXPECT_EQ(list_snapshots(*files_).value(), (std::vector<std::uint64_t>{2, 3}));
    std::set<std::string> named;
    for (const Snapshot& snapshot : {second, third}) {
        for (const auto& [name, table] : snapshot.tables) {
            for (const TableFile& file : table.files) {
                EXPECT_TRUE(stands(file.path)) << file.path;
                named.insert(file.path);
            }
        }
    }
    for (const auto& [name, table] : first.tables) {
        for (const TableFile& file : table.files) {
            EXPECT_EQ(stands(file.path), named.contains(file.path)) << file.path;
        }
    }
    EXPECT_FALSE(stands(version_path(first.run, "gold_a", "")));
}

TEST_F(Snapshots, a_snapshot_that_was_long_the_newest_is_kept_a_day_after_its_successor) {
    const Snapshot first = next({}, {{"gold_a", ""}}, kNow);
    const Snapshot second = next(first, {{"gold_a", ""}}, kNow + 25h);
    const Snapshot third = next(second, {{"gold_a", ""}}, kNow + 25h + 2s);
    for (const Snapshot& snapshot : {first, second, third}) ASSERT_TRUE(commit(*files_, snapshot));
    ASSERT_TRUE(prune(*files_, kNow + 25h + 3s));
    EXPECT_EQ(list_snapshots(*files_).value().size(), 3u);
    EXPECT_TRUE(stands("_versions/" + first.run)) << "a reader may have opened it seconds ago";
    ASSERT_TRUE(prune(*files_, kNow + 49h));
    EXPECT_EQ(list_snapshots(*files_).value(), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_FALSE(stands("_versions/" + first.run));
}

TEST_F(Snapshots, of_many_snapshots_the_older_ones_go_after_ten_minutes) {
    Snapshot newest = next({}, {{"gold_a", ""}}, kNow);
    ASSERT_TRUE(commit(*files_, newest));
    for (std::size_t n = 1; n < kSnapshotsMax + 3; ++n) {
        newest = next(newest, {}, kNow + 2s * n);
        ASSERT_TRUE(commit(*files_, newest));
    }
    ASSERT_TRUE(prune(*files_, newest.committed_at));
    EXPECT_EQ(list_snapshots(*files_).value().size(), kSnapshotsMax + 3);
    ASSERT_TRUE(prune(*files_, newest.committed_at + 10min));
    EXPECT_EQ(list_snapshots(*files_).value().size(), kSnapshotsMax);
    EXPECT_EQ(list_snapshots(*files_).value().back(), newest.n);
}

TEST_F(Snapshots, one_that_a_clock_ahead_has_dated_does_not_keep_those_before_it) {
    const Snapshot first = next({}, {{"gold_a", ""}}, kNow);
    const Snapshot ahead = next(first, {{"gold_a", ""}}, kNow + 24h * 365);
    const Snapshot third = next(ahead, {{"gold_a", ""}}, kNow + 1h);
    const Snapshot fourth = next(third, {{"gold_a", ""}}, kNow + 30h);
    for (const Snapshot& snapshot : {first, ahead, third, fourth}) {
        ASSERT_TRUE(commit(*files_, snapshot));
    }
    ASSERT_TRUE(prune(*files_, kNow + 24h));
    EXPECT_EQ(list_snapshots(*files_).value().size(), 4u) << "replaced less than a day ago";
    ASSERT_TRUE(prune(*files_, kNow + 25h));
    EXPECT_EQ(list_snapshots(*files_).value(), (std::vector<std::uint64_t>{3, 4}));
}

TEST_F(Snapshots, reports_of_failed_builds_do_not_pile_up) {
    for (int run = 0; run < 300; ++run) {
        ASSERT_TRUE(files_->make_directories(fmt::format("_runs/00000001-{:04}", run)));
    }
    ASSERT_TRUE(prune_reports(*files_));
    const auto kept = files_->list("_runs").value();
    EXPECT_EQ(kept.size(), 256u);
    EXPECT_EQ(kept.back().path, "_runs/00000001-0299");
}

TEST_F(Snapshots, leftovers_of_a_build_that_died_before_its_commit_are_discarded) {
    const Snapshot first = next({}, {{"gold_a", ""}});
    ASSERT_TRUE(commit(*files_, first));
    const Snapshot dead = next(first, {{"gold_a", ""}});
    ASSERT_TRUE(files_->write_durably("_snapshots/staged-" + dead.run, to_json(dead)));
    ASSERT_TRUE(discard_unpublished(*files_, first.n));
    EXPECT_TRUE(stands("_versions/" + first.run));
    EXPECT_FALSE(stands("_versions/" + dead.run));
    EXPECT_FALSE(stands("_snapshots/staged-" + dead.run));
}

TEST_F(Snapshots, our_readers_see_each_of_many_publications_whole) {
    const std::vector<std::pair<std::string, std::string>> all = {
        {"gold_a", ""}, {"fact_c", "2025-03-14"}, {"fact_c", "2025-03-15"}};
    std::optional<Snapshot> newest = next({}, all);
    ASSERT_TRUE(commit(*files_, *newest));
    std::atomic<bool> done = false;
    std::atomic<int> reads = 0;
    std::atomic<int> mixed = 0;
    std::jthread reader([&] {
        while (!done) {
            const auto snapshot = newest_snapshot(*files_).value();
            std::set<std::string> contents;
            for (const auto& [name, table] : snapshot->tables) {
                for (const TableFile& file : table.files)
                    contents.insert(files_->read(file.path).value());
            }
            mixed += contents != std::set<std::string>{std::to_string(snapshot->n)};
            ++reads;
        }
    });
    for (int publication = 0; publication < 200; ++publication) {
        newest = next(newest, all);
        ASSERT_TRUE(commit(*files_, *newest));
        ASSERT_TRUE(project(*files_, *newest));
    }
    done = true;
    reader.join();
    EXPECT_GT(reads, 0);
    EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace bassline::lake
