// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "compact/compact.hpp"
#include "duck/database.hpp"
#include "ingest/ingest.hpp"
#include "ingest/verify.hpp"
#include "lake/lake.hpp"
#include "lake/live_files.hpp"
#include "replay/replay.hpp"

// A lake with quarantined records, replayed with the real disk, and held against its logs each
// time.
namespace bassline::replay {

inline constexpr std::int64_t kNowMs = 1'741'200'000'000;

class LaterClock : public Clock {
public:
    explicit LaterClock(std::chrono::seconds later = {}) : later_(later) {}
    Timestamp now() const override { return Timestamp(std::chrono::milliseconds(kNowMs)) + later_; }

private:
    std::chrono::seconds later_;
};

inline std::string home(std::int64_t ts, int item = 0) {
    return fmt::format(
        R"({{"ts":{},"sessionId":{},"page":"Home","auth":"Guest","method":"GET","status":200,)"
        R"("level":"free","itemInSession":{},"userAgent":"agent {}"}})"
        "\n",
        ts, item / 10, item % 10, item % 3);
}
// A line of the single stream that is a page view and a listen.
inline std::string next_song(std::int64_t ts) {
    return fmt::format(
        R"({{"ts":{},"sessionId":1,"page":"NextSong","auth":"Logged In","method":"PUT",)"
        R"("status":200,"level":"paid","itemInSession":2,"location":"Here, XX","userId":"7",)"
        R"("artist":"A","song":"B","length":200.5}})"
        "\n",
        ts);
}
inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr std::int64_t kTomorrowMs = kNowMs + 25 * kHourMs;  // too far ahead today

class ReplayTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("replay");
        std::filesystem::create_directory(root_ + "/in");
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    std::string lake() const { return root_ + "/lake"; }
    std::unique_ptr<storage::FileSystem> open() const { return lake::open_lake(lake()).value(); }

    void ingest(const std::string& content, std::chrono::milliseconds ahead_max,
                const std::string& lake) {
        const std::string path =
            fmt::format("{}/in/{}.json", root_, std::hash<std::string>{}(content));
        std::ofstream(path) << content;
        const auto files = lake::open_lake(lake).value();
        ingest::Progress progress;
        const auto done = ingest::ingest(
            *files, {.inputs = {path}, .threads = 1, .producer = "p", .ahead_max = ahead_max},
            LaterClock(), {}, progress, [](const auto&) {});
        ASSERT_TRUE(done) << done.error().message;
    }
    void ingest(const std::string& content) { ingest(content, std::chrono::hours(24), lake()); }

    Result<ReplaySummary> try_replay(ReplayOptions options = {},
                                     std::chrono::seconds later = std::chrono::hours(3)) const {
        options.scratch = root_;
        TRY_ASSIGN(const auto files, lake::open_lake(lake()));
        return replay(*files, options, LaterClock(later), {});
    }
    ReplaySummary run(const ReplayOptions& options = {},
                      std::chrono::seconds later = std::chrono::hours(3)) const {
        auto outcome = try_replay(options, later);
        EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
        return outcome ? std::move(outcome).value() : ReplaySummary{};
    }
    void compact(const compact::CompactOptions& options,
                 std::chrono::seconds later = std::chrono::hours(72)) const {
        const auto done = compact::compact(*open(), options, LaterClock(later), {});
        ASSERT_TRUE(done) << done.error().message;
    }
    // Rows in bronze and in quarantine, by the proof a user can run.
    std::pair<std::uint64_t, std::uint64_t> rows() const {
        const auto report = ingest::verify(*lake::open_lake_read_only(lake()).value(),
                                           {.full = true, .scratch = root_})
                                .value();
        EXPECT_THAT(report.findings, testing::IsEmpty());
        std::pair<std::uint64_t, std::uint64_t> sum;
        for (const auto& partition : report.partitions) {
            sum.first += partition.rows;
            sum.second += partition.quarantined;
        }
        return sum;
    }
    std::vector<std::string> live(const std::string& lake, lake::OutputKind kind) const {
        const auto files = lake::open_lake_read_only(lake).value();
        std::vector<std::string> paths;
        const lake::LakeLog log = lake::load_log(*files).value();
        for (const auto& [name, file] : log.live.files) {
            if (file.output.kind == kind) paths.push_back(files->absolute(name));
        }
        return paths;
    }
    std::string all_rows(const std::string& lake, lake::OutputKind kind) const {
        std::string list;
        for (const std::string& path : live(lake, kind)) list += "'" + path + "',";
        return "(select * from read_parquet([" + list +
               "], hive_partitioning=false, union_by_name=true))";
    }
    std::vector<std::string> texts(const std::string& sql) const {
        auto database = duck::Database::open({.temp_directory = root_ + "/duck"}).value();
        auto connection = database.connect().value();
        auto rows = connection.query(sql);
        EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
        std::vector<std::string> texts;
        while (rows && rows.value().next()) texts.emplace_back(rows.value().text(0));
        return texts;
    }
    // Every path below the lake with its size.
    std::map<std::string, std::uintmax_t> tree() const {
        std::map<std::string, std::uintmax_t> tree;
        for (const auto& file : std::filesystem::recursive_directory_iterator(lake())) {
            tree[file.path()] = file.is_regular_file() ? file.file_size() : 0;
        }
        return tree;
    }
    std::size_t seen_by_globs(const std::string& folder) const {
        std::size_t count = 0;
        if (!std::filesystem::exists(lake() + "/" + folder)) return 0;
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(lake() + "/" + folder)) {
            count += file.path().extension() == ".parquet";
        }
        return count;
    }

    std::string root_;
};

}  // namespace bassline::replay
