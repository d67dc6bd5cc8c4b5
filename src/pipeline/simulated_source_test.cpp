// SPDX-License-Identifier: Apache-2.0
#include "pipeline/simulated_source.hpp"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"
#include "simulator/configuration.hpp"

namespace bassline::pipeline {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kHistoryBegins = 1'767'225'600;  // 2026-01-01
constexpr std::int64_t kHourSeconds = 3600;
constexpr SourceLimits kSmallLimits{.segment_bytes = 20'000, .unread_bytes = 60'000};

class SimulatedSourceTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove_all(root_); }

    // A lake of its own by name.
    std::unique_ptr<storage::FileSystem> lake(const std::string& name) const {
        return lake::open_lake(root_ + "/" + name).value();
    }
    static Result<std::unique_ptr<SimulatedSource>> try_open(storage::FileSystem& files) {
        const RunSettings settings{.config = "stock",
                                   .configuration = simulator::read_configuration("stock").value(),
                                   .users = 40,
                                   .seed = 7,
                                   .from_s = kHistoryBegins,
                                   .live_s = kHistoryBegins};
        return SimulatedSource::open(files, settings, 1, kSmallLimits);
    }
    static std::unique_ptr<SimulatedSource> open(storage::FileSystem& files) {
        auto source = try_open(files);
        EXPECT_TRUE(source) << source.error().message;
        return std::move(source).value();
    }
    // Hour by hour: a step that writes more than a segment makes one large segment.
    static void simulate_until(SimulatedSource& source, std::int64_t hour) {
        const std::int64_t until = kHistoryBegins + hour * kHourSeconds;
        while (source.now_s() < until) {
            ASSERT_TRUE(source.back_fill(std::min(source.now_s() + kHourSeconds, until), {}));
        }
    }
    static std::set<std::string> segments(const SimulatedSource& source) {
        std::set<std::string> paths;
        for (const auto& file : std::filesystem::directory_iterator(source.folder())) {
            paths.insert(file.path());
        }
        return paths;
    }
    static std::string events(const SimulatedSource& source) {
        std::ostringstream text;
        for (const std::string& path : segments(source)) text << std::ifstream(path).rdbuf();
        return std::move(text).str();
    }
    static lake::Entry read_to_the_end(const std::string& path) {
        lake::Entry entry;
        entry.ranges.push_back({.path = path, .start = 0, .end = std::filesystem::file_size(path)});
        return entry;
    }

    const std::string root_ = make_test_folder("simulated-source");
};

TEST_F(SimulatedSourceTest, a_process_that_ends_anywhere_is_gone_on_with_without_a_seam) {
    const auto calm = lake("calm");
    const auto undisturbed = open(*calm);
    simulate_until(*undisturbed, 60);
    const std::string expected = events(*undisturbed);
    ASSERT_GT(undisturbed->segments(), 4U);

    const auto files = lake("interrupted");
    for (const std::int64_t hour : {5, 20, 21, 40, 60}) simulate_until(*open(*files), hour);
    const auto last = open(*files);
    simulate_until(*last, 60);
    EXPECT_EQ(last->now_s(), undisturbed->now_s());
    EXPECT_TRUE(events(*last) == expected) << "other events, or other segments";
}

TEST_F(SimulatedSourceTest, a_segment_goes_when_it_is_closed_and_read_to_its_end) {
    const auto files = lake("lake");
    auto source = open(*files);
    simulate_until(*source, 60);
    const auto paths = segments(*source);
    ASSERT_GT(paths.size(), 3U);
    const std::string first = *paths.begin(), second = *std::next(paths.begin()),
                      current = *paths.rbegin();

    lake::Entry half = read_to_the_end(second);
    half.ranges[0].end /= 2;
    source->ingested(read_to_the_end(first));
    source->ingested(half);
    source->ingested(read_to_the_end(current));
    EXPECT_FALSE(std::filesystem::exists(first));
    EXPECT_TRUE(std::filesystem::exists(second)) << "half of it is not read yet";
    EXPECT_TRUE(std::filesystem::exists(current)) << "it still grows";

    source.reset();
    source = open(*files);
    EXPECT_FALSE(std::filesystem::exists(first));
    EXPECT_EQ(segments(*source).size(), paths.size() - 1);
}

TEST_F(SimulatedSourceTest, the_clock_waits_for_a_reader_that_is_far_behind) {
    const auto files = lake("lake");
    const auto source = open(*files);
    std::stop_source stop;
    std::mutex mutex;
    std::condition_variable grown;
    std::uint64_t seen = 0;
    std::jthread simulator([&] {
        EXPECT_TRUE(source->live({.speed = 1e6}, SystemClock(), stop.get_token(), [&](auto) {
            const std::lock_guard lock(mutex);
            seen = source->bytes();
            grown.notify_all();
        }));
    });
    const auto wait_until_behind = [&] {
        std::unique_lock lock(mutex);
        grown.wait(lock, [&] { return seen > source->bytes_read() + kSmallLimits.unread_bytes; });
        return source->now_s();
    };
    const std::int64_t stood_at = wait_until_behind();
    for (const std::string& path : segments(*source)) source->ingested(read_to_the_end(path));
    EXPECT_GT(wait_until_behind(), stood_at);
    EXPECT_LT(source->now_s(), kHistoryBegins + kHourSeconds * 24 * 365);
    stop.request_stop();
}

// The chain `files` says that this was read of that path.
void commit_read(storage::FileSystem& files, const std::string& path, std::uint64_t end) {
    const lake::Entry entry{.chain = std::string(lake::kFilesChain),
                            .writer = "w",
                            .ranges = {{.path = path, .start = 0, .end = end}}};
    ASSERT_TRUE(files.make_directories(lake::chain_log_directory(entry.chain)));
    ASSERT_TRUE(files.make_directories(lake::staging_directory(entry.chain, entry.writer)));
    ASSERT_TRUE(lake::commit(files, entry));
}

TEST_F(SimulatedSourceTest,
       what_a_power_cut_took_of_the_open_segment_after_it_was_read_comes_back) {
    const auto files = lake("lake");
    std::string path, before;
    {
        const auto source = open(*files);
        simulate_until(*source, 3);
        path = *segments(*source).rbegin();
        before = events(*source);
    }
    const std::uint64_t read = std::filesystem::file_size(path);
    commit_read(*files, path, read);
    std::filesystem::resize_file(path, read / 2);
    const auto source = open(*files);
    EXPECT_GE(std::filesystem::file_size(path), read);
    EXPECT_EQ(events(*source).substr(0, before.size()), before);
    EXPECT_EQ(source->bytes_read(), read);
}

TEST_F(SimulatedSourceTest, a_lake_that_was_moved_knows_what_is_read_of_its_segments) {
    const auto files = lake("lake");
    std::string first;
    {
        const auto source = open(*files);
        simulate_until(*source, 60);
        first = *segments(*source).begin();
    }
    commit_read(*files, "/elsewhere/_simulator/segments/" + first.substr(first.rfind('/') + 1),
                std::filesystem::file_size(first));
    const auto source = open(*files);
    EXPECT_FALSE(std::filesystem::exists(first));
}

// A tenth of a second a look, while the clock of the wall is put forward by hours; five looks.
class JumpingClock : public Clock {
public:
    explicit JumpingClock(std::stop_source& stop) : stop_(stop) {}
    Timestamp now() const override { return Timestamp(std::chrono::hours(8 * looks_)); }
    SteadyTime steady_now() const override {
        if (++looks_ == 5) stop_.request_stop();
        return SteadyTime(std::chrono::milliseconds(100 * looks_));
    }

private:
    std::stop_source& stop_;
    mutable int looks_ = 0;
};

TEST_F(SimulatedSourceTest, a_jump_of_the_clock_is_not_multiplied_into_days) {
    const auto files = lake("lake");
    const auto source = open(*files);
    std::stop_source stop;
    const auto ended =
        source->live({.speed = 300}, JumpingClock(stop), stop.get_token(), [](auto) {});
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_GT(source->now_s(), kHistoryBegins);
    EXPECT_LE(source->now_s(), kHistoryBegins + 300);
}

TEST_F(SimulatedSourceTest, a_second_process_is_refused_before_it_writes_anything) {
    const auto files = lake("lake");
    auto source = open(*files);
    simulate_until(*source, 10);
    const std::string before = events(*source);
    const auto refused = try_open(*files);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("is simulating into the lake"));
    EXPECT_EQ(events(*source), before);
    source.reset();
    EXPECT_TRUE(try_open(*files));
}

TEST_F(SimulatedSourceTest, other_bytes_in_the_open_segment_stop_it) {
    const auto files = lake("lake");
    std::string path;
    {
        const auto source = open(*files);
        simulate_until(*source, 3);
        path = *segments(*source).rbegin();
    }
    std::fstream(path, std::ios::in | std::ios::out) << "other bytes";
    const auto refused = try_open(*files);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
}

}  // namespace
}  // namespace bassline::pipeline
