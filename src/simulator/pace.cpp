// SPDX-License-Identifier: Apache-2.0
#include "simulator/pace.hpp"

#include <algorithm>
#include <cmath>

namespace bassline::simulator {
namespace {

constexpr double kWeightOfLast = 0.25;     // in the running mean of the simulated rate
constexpr double kBehindSecondsMax = 1;    // whose records are made up for
constexpr std::int64_t kStrideMax = 3600;  // simulated seconds in one tick

double seconds_between(Timestamp from, Timestamp to) {
    return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::int64_t ClockPace::due_s(Timestamp now) const {
    return simulated_s_ +
           static_cast<std::int64_t>(std::floor(seconds_between(real_, now) * speed_));
}

std::int64_t RatePace::due_s(Timestamp now, std::int64_t now_s, std::uint64_t records) {
    const auto written = static_cast<double>(records - last_records_);
    if (now_s > last_now_s_) {
        const double rate = written / static_cast<double>(now_s - last_now_s_);
        const double weight = records_per_simulated_s_ > 0 ? kWeightOfLast : 1;
        records_per_simulated_s_ += (rate - records_per_simulated_s_) * weight;
    }
    missing_ += wanted_ * seconds_between(last_, now) - written;
    missing_ = std::min(missing_, wanted_ * kBehindSecondsMax);
    last_ = now;
    last_now_s_ = now_s;
    last_records_ = records;
    if (missing_ <= 0) return now_s;
    const double stride = records_per_simulated_s_ > 0 ? missing_ / records_per_simulated_s_ : 1;
    return now_s + std::clamp<std::int64_t>(std::llround(stride), 1, kStrideMax);
}

}  // namespace bassline::simulator
