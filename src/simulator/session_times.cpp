// SPDX-License-Identifier: Apache-2.0
#include "simulator/session_times.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kThreeInTheMorning = 10'800;
constexpr double kTwoPi = 6.283185307179586;
// More than the seconds of the longest free time; who is refused so often does not come back.
constexpr int kDrawsMax = 1'000'000;

}  // namespace

std::int64_t SessionTimes::warp(std::int64_t epoch_s) const {
    const std::int64_t second = ((epoch_s % kDaySeconds) + kDaySeconds) % kDaySeconds;
    const double angle = static_cast<double>(second - kThreeInTheMorning) * kTwoPi / kDaySeconds;
    return static_cast<std::int64_t>(damping_ * kDaySeconds * std::sin(angle));
}

std::int64_t SessionTimes::next_start(std::int64_t from, double mean_gap_s,
                                      RandomStream& random) const {
    const std::int64_t least = session_gap_s_ == 0 ? 1 : 0;  // without a gap too time goes on
    for (int draws = 0; from < kNeverEpoch && draws < kDrawsMax; ++draws) {
        const Uniforms draw = random.next();
        const auto gap = static_cast<std::int64_t>(exponential(mean_gap_s, draw.u));
        std::int64_t start = from + gap + session_gap_s_;
        start += warp(start);
        if (start < from + least) {
            from += std::max<std::int64_t>(session_gap_s_, 1);
            continue;
        }
        if (draw.v < 1 - weekend_.at(start)) return start;
        from = start;
    }
    return kNeverEpoch;
}

std::int64_t SessionTimes::first_start(std::int64_t from, std::int64_t earliest, double mean_gap_s,
                                       RandomStream& random) const {
    std::int64_t start = next_start(from, mean_gap_s, random);
    while (start < earliest) start = next_start(start, mean_gap_s, random);
    return start;
}

}  // namespace bassline::simulator
