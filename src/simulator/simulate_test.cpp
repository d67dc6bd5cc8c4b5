// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulate.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/failpoint.hpp"
#include "simulator/test_configuration.hpp"
#include "simulator/test_world.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

namespace fs = std::filesystem;

// Each look at it is a while after the one before.
class HastyClock : public Clock {
public:
    explicit HastyClock(std::chrono::seconds step) : step_(step) {}
    Timestamp now() const override {
        now_ += step_;
        return now_;
    }
    SteadyTime steady_now() const override { return SteadyTime(now().time_since_epoch()); }

private:
    std::chrono::seconds step_;
    mutable Timestamp now_{std::chrono::seconds(kTestFromS)};
};

class SimulateTest : public testing::Test {
protected:
    SimulateTest()
        : folder_(fs::temp_directory_path() /
                  fmt::format("simulate_{}_{}", ::getpid(),
                              testing::UnitTest::GetInstance()->current_test_info()->name())) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~SimulateTest() override { fs::remove_all(folder_); }

    SimulateOptions options(std::int64_t days) const {
        SimulateOptions options;
        options.out = folder_ / "out";
        options.users = 20;
        options.from_ms = kTestFromS * kMillisecond;
        options.to_ms = (kTestFromS + days * kDaySeconds) * kMillisecond;
        return options;
    }

    Result<SimulateSummary> run(const SimulateOptions& options,
                                std::chrono::seconds step = std::chrono::seconds(1)) {
        SimulateProgress progress;
        return simulate(options, HastyClock(step), {}, progress,
                        [this](const std::string& text) { warnings_.push_back(text); });
    }

    static std::string content(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return std::move(text).str();
    }

    fs::path folder_;
    std::vector<std::string> warnings_;
};

TEST_F(SimulateTest, AClockThatRunsADayAheadOfNowIsToldOnce) {
    SimulateOptions live = options(3);
    live.is_live = true;
    live.speed = 50'000;
    ASSERT_TRUE(run(live).has_value());
    EXPECT_THAT(warnings_, testing::ElementsAre(testing::HasSubstr("--ahead-max")));
}

TEST_F(SimulateTest, ARunGoesOnOnlyWithTheFilesItWasMadeWith) {
    SimulateOptions wanted = options(1);
    wanted.config = folder_ / "mine.json";
    wanted.checkpoint = folder_ / "state";
    std::ofstream(wanted.config) << configuration_text({});
    ASSERT_TRUE(run(wanted).has_value());
    wanted.to_ms = *wanted.to_ms + kDaySeconds * kMillisecond;
    EXPECT_TRUE(run(wanted).value().resumed);
    std::ofstream(wanted.config) << configuration_text({{"Home", "NextSong", 0.25}});
    const auto outcome = run(wanted);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::config);
    EXPECT_THAT(outcome.error().message, testing::HasSubstr("xxh64 of --config was"));
}

// The disk is full some way into the run: what the last checkpoint knows of is gone on with.
TEST_F(SimulateTest, AStateIsKeptFromTheStartAndAllAlongARun) {
    SimulateOptions once = options(20);
    once.users = 300;
    ASSERT_TRUE(run(once).has_value());

    SimulateOptions broken = once;
    broken.out = folder_ / "broken";
    broken.checkpoint = folder_ / "state";
    for (const int write : {1, 40}) {
        ::setenv("BASSLINE_FAILPOINTS", fmt::format("simulator.write=enospc@{}", write).c_str(), 1);
        ASSERT_TRUE(arm_failpoints_from_environment().has_value());
        const auto outcome = run(broken, std::chrono::seconds(11));
        ::unsetenv("BASSLINE_FAILPOINTS");
        ASSERT_TRUE(arm_failpoints_from_environment().has_value());
        EXPECT_FALSE(outcome.has_value());
        EXPECT_TRUE(fs::exists(broken.checkpoint));
    }
    EXPECT_GT(fs::file_size(folder_ / "broken" / "page_view_events.ndjson"), 0u);
    EXPECT_TRUE(run(broken).value().resumed);
    for (const auto& entry : fs::directory_iterator(folder_ / "out")) {
        const fs::path name = entry.path().filename();
        EXPECT_TRUE(content(entry.path()) == content(folder_ / "broken" / name)) << name;
    }
}

TEST_F(SimulateTest, AFolderThatIsMissingIsToldBeforeTheRun) {
    SimulateOptions keyed = options(1);
    keyed.answer_key = folder_ / "none" / "key.json";
    SimulateOptions kept = options(1);
    kept.checkpoint = folder_ / "none" / "state";
    for (const SimulateOptions& wanted : {keyed, kept}) {
        const auto outcome = run(wanted);
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().kind, ErrorKind::usage);
        EXPECT_THAT(outcome.error().message, testing::HasSubstr("cannot write to folder"));
        EXPECT_FALSE(fs::exists(wanted.out));
    }
}

TEST_F(SimulateTest, AStateIsNotKeptBeforeWhatItKnowsOfIsOnDisk) {
    SimulateOptions wanted = options(2);
    wanted.checkpoint = folder_ / "state";
    ::setenv("BASSLINE_FAILPOINTS", "simulator.sync=eio@1", 1);
    ASSERT_TRUE(arm_failpoints_from_environment().has_value());
    const auto outcome = run(wanted);
    ::unsetenv("BASSLINE_FAILPOINTS");
    ASSERT_TRUE(arm_failpoints_from_environment().has_value());
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::io);
    EXPECT_FALSE(fs::exists(wanted.checkpoint));
}

}  // namespace
}  // namespace bassline::simulator
