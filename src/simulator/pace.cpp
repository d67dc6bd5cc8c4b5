// SPDX-License-Identifier: Apache-2.0
#include "simulator/pace.hpp"

#include <algorithm>
#include <cmath>

namespace bassline::simulator {
namespace {

constexpr double kWeightOfPast = 0.75;       // a tick later
constexpr double kBehindSecondsMax = 1;      // whose records are made up for
constexpr std::int64_t kStrideMax = 86'400;  // simulated seconds in one tick

constexpr std::chrono::seconds kPauseMax{5};  // made up for at an accelerated speed

double seconds_between(SteadyTime from, SteadyTime to) {
    return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::int64_t ClockPace::due_s(Timestamp now) const {
    return simulated_s_ + std::chrono::floor<std::chrono::seconds>(now - real_).count();
}

std::int64_t SpeedPace::due_s(SteadyTime now) {
    real_ += std::max<SteadyTime::duration>(now - last_ - kPauseMax, SteadyTime::duration(0));
    last_ = now;
    return simulated_s_ +
           static_cast<std::int64_t>(std::floor(seconds_between(real_, now) * speed_));
}

std::int64_t RatePace::due_s(SteadyTime now, std::int64_t now_s, std::uint64_t records) {
    const auto written = static_cast<double>(records - last_records_);
    if (now_s > last_now_s_) {
        recent_records_ = recent_records_ * kWeightOfPast + written;
        recent_seconds_ =
            recent_seconds_ * kWeightOfPast + static_cast<double>(now_s - last_now_s_);
    }
    missing_ += wanted_ * seconds_between(last_, now) - written;
    missing_ = std::min(missing_, wanted_ * kBehindSecondsMax);
    last_ = now;
    last_now_s_ = now_s;
    last_records_ = records;
    if (missing_ <= 0) return now_s;
    const std::int64_t stride = recent_records_ > 0
                                    ? std::llround(missing_ * recent_seconds_ / recent_records_)
                                    : 2 * last_stride_;
    last_stride_ = std::clamp<std::int64_t>(stride, 1, kStrideMax);
    return now_s + last_stride_;
}

}  // namespace bassline::simulator
