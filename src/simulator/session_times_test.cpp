// SPDX-License-Identifier: Apache-2.0
#include "simulator/session_times.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kMonday = 1'757'289'600;  // 2025-09-08T00:00:00Z
constexpr WeekendDamping kNoWeekend{};

TEST(SessionTimes, WarpsAwayFromThreeInTheMorningTowardsThreeInTheAfternoon) {
    constexpr std::int64_t kHourSeconds = 3'600;
    const SessionTimes times(0.09375, 1800, kNoWeekend);
    EXPECT_EQ(times.warp(kMonday + 3 * kHourSeconds), 0);
    EXPECT_EQ(times.warp(kMonday + 9 * kHourSeconds), 8100);
    EXPECT_EQ(times.warp(kMonday + 15 * kHourSeconds), 0);
    EXPECT_EQ(times.warp(kMonday + 21 * kHourSeconds), -8100);
    EXPECT_EQ(times.warp(kMonday), times.warp(kMonday + kDaySeconds));
    EXPECT_EQ(times.warp(kMonday), -5727);  // cut towards zero: 8100 sin(-pi/4) = -5727.56
}

TEST(SessionTimes, WithoutDampingAGapIsMemorylessAboveTheSessionGap) {
    const SessionTimes times(0, 1800, kNoWeekend);
    RandomStream random(1, StreamPurpose::behaviour, 1);
    constexpr int kDraws = 100'000;
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) {
        const std::int64_t gap = times.next_start(kMonday, 5000, random) - kMonday;
        ASSERT_GE(gap, 1800);
        sum += static_cast<double>(gap);
    }
    EXPECT_NEAR(sum / kDraws, 1800 + 5000 - 0.5, 4 * 5000 / std::sqrt(kDraws));
}

TEST(SessionTimes, NeverGoesBackInTime) {
    const SessionTimes times(0.2137, 1800, kNoWeekend);
    RandomStream random(2, StreamPurpose::behaviour, 1);
    std::int64_t now = kMonday;
    for (int i = 0; i < 100'000; ++i) {
        const std::int64_t next = times.next_start(now, 60, random);
        ASSERT_GE(next, now);
        now = next;
    }
}

// Starts by hour of the day against 1 / (1 + 2 pi d cos th), th being the angle before the shift.
TEST(SessionTimes, FollowTheDailyCycle) {
    constexpr double kShares[24] = {.0271, .0265, .0263, .0263, .0265, .0271, .0280, .0293,
                                    .0312, .0338, .0377, .0435, .0531, .0698, .0938, .0937,
                                    .0699, .0531, .0435, .0377, .0338, .0312, .0293, .0280};
    const SessionTimes times(0.09375, 1800, kNoWeekend);
    RandomStream random(3, StreamPurpose::behaviour, 1);
    constexpr int kStarts = 200'000;
    std::array<int, 24> hours{};
    std::int64_t now = kMonday;
    for (int i = 0; i < kStarts; ++i) {
        if (i % 1000 == 0) now = kMonday;  // within the calendar
        now = times.next_start(now, 7 * kDaySeconds, random);
        ++hours[static_cast<std::size_t>(now % kDaySeconds / 3600)];
    }
    double chi_squared = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
        const double expected = kShares[hour] * kStarts;
        chi_squared += std::pow(hours[hour] - expected, 2) / expected;
    }
    EXPECT_LT(chi_squared, 60);  // 23 degrees of freedom; the shares are rounded to 4 digits
}

TEST(SessionTimes, HaveHalfAsManyStartsInFreeTime) {
    const SessionTimes times(0, 1800, {.share = 0.5, .offset_s = 10'800, .scale_s = 21'600});
    RandomStream random(4, StreamPurpose::behaviour, 1);
    std::array<int, 2> noons{};  // Wednesdays, Saturdays: six hours around noon
    std::int64_t now = kMonday;
    for (int i = 0; i < 400'000; ++i) {
        now = times.next_start(now, 3600, random);
        const std::int64_t weekday = (now / kDaySeconds + 3) % 7;  // 0 is Monday
        const std::int64_t hour = now % kDaySeconds / 3600;
        if (hour < 9 || hour >= 15) continue;
        if (weekday == 2) ++noons[0];
        if (weekday == 5) ++noons[1];
    }
    EXPECT_NEAR(static_cast<double>(noons[1]) / noons[0], 0.5, 0.03);
}

TEST(SessionTimes, AFirstStartIsAtOrAfterTheEarliest) {
    const SessionTimes times(0.09375, 1800, kNoWeekend);
    RandomStream random(5, StreamPurpose::behaviour, 1);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_GE(times.first_start(kMonday - 2 * kDaySeconds, kMonday, kDaySeconds, random),
                  kMonday);
    }
}

TEST(SessionTimes, WithoutASessionGapTimeGoesOnAtEveryHour) {
    for (const double share : {0.0, 1.0}) {
        const SessionTimes times(0.5, 0, {.share = share, .offset_s = 0, .scale_s = 60});
        RandomStream random(7, StreamPurpose::behaviour, 1);
        std::int64_t now = kMonday;
        for (int i = 0; i < 100; ++i) {
            const std::int64_t next = times.next_start(now, 0.001, random);
            ASSERT_GT(next, now);
            now = next;
        }
        EXPECT_LT(now, kMonday + 100 * kDaySeconds);
    }
}

TEST(SessionTimes, AGapBeyondAllTimeIsNever) {
    const SessionTimes times(0, 1800, {.share = 1, .offset_s = 0, .scale_s = 1});
    RandomStream random(6, StreamPurpose::behaviour, 1);
    EXPECT_GE(times.next_start(kNeverEpoch, 60, random), kNeverEpoch);
}

}  // namespace
}  // namespace bassline::simulator
