// SPDX-License-Identifier: Apache-2.0
#include "simulator/pace.hpp"

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

using std::chrono::milliseconds;

constexpr SteadyTime kStart{std::chrono::seconds(330'000)};

TEST(ClockPace, GoesByTheClockOfTheWall) {
    constexpr Timestamp kWall{std::chrono::seconds(1'757'330'000)};
    const ClockPace real(kWall, 1000);
    EXPECT_EQ(real.due_s(kWall), 1000);
    EXPECT_EQ(real.due_s(kWall + milliseconds(2999)), 1002);
    EXPECT_EQ(real.due_s(kWall + std::chrono::hours(8)), 1000 + 8 * 3600);
}

TEST(SpeedPace, RunsAtItsSpeedFromItsStart) {
    SpeedPace fast(kStart, 1000, 600);
    EXPECT_EQ(fast.due_s(kStart + milliseconds(1500)), 1900);
    SpeedPace slow(kStart, 1000, 0.5);
    EXPECT_EQ(slow.due_s(kStart + milliseconds(3000)), 1001);
}

TEST(SpeedPace, DoesNotMakeUpForALongPause) {
    SpeedPace pace(kStart, 0, 300);
    EXPECT_EQ(pace.due_s(kStart + milliseconds(1000)), 300);
    const SteadyTime later = kStart + std::chrono::hours(8);
    EXPECT_EQ(pace.due_s(later), 300 + 5 * 300);
    EXPECT_EQ(pace.due_s(later + milliseconds(1000)), 300 + 6 * 300) << "as fast as before";
}

// Ticks of a fifth of a second for a minute against a service of so many records a second.
std::uint64_t records_after_a_minute(double wanted, double records_per_simulated_s) {
    RatePace pace(kStart, wanted, 0, 0);
    double records = 0;
    std::int64_t now_s = 0;
    for (int tick = 1; tick <= 300; ++tick) {
        const std::int64_t until = pace.due_s(kStart + milliseconds(200 * tick), now_s,
                                              static_cast<std::uint64_t>(records));
        records += static_cast<double>(until - now_s) * records_per_simulated_s;
        now_s = until;
    }
    return static_cast<std::uint64_t>(records);
}

TEST(RatePace, ReachesItsRateWhateverTheServiceDoes) {
    EXPECT_NEAR(static_cast<double>(records_after_a_minute(2000, 0.03)), 120'000, 6000);
    EXPECT_NEAR(static_cast<double>(records_after_a_minute(2000, 3)), 120'000, 6000);
    EXPECT_NEAR(static_cast<double>(records_after_a_minute(2000, 500)), 120'000, 6000);
}

TEST(RatePace, DoesNotMakeUpForALongPause) {
    RatePace pace(kStart, 1000, 0, 0);
    EXPECT_EQ(pace.due_s(kStart + milliseconds(200), 100, 200), 100);  // enough is written
    const std::int64_t due = pace.due_s(kStart + std::chrono::minutes(10), 100, 200);
    EXPECT_LE(due, 100 + 500 + 1);  // a second's records, at two a simulated second
    EXPECT_GT(due, 100);
}

}  // namespace
}  // namespace bassline::simulator
