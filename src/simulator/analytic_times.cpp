// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_times.hpp"

#include <algorithm>
#include <numeric>

#include "simulator/session_times.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kHourSeconds = 3'600;
constexpr double kMinuteSeconds = 60;

void scale_to_one(auto& shares) {
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) share /= sum;
}

// The mean of what the damping leaves of an hour's starts.
double kept_share(const WeekendDamping& weekend, std::int64_t hour_s) {
    constexpr std::int64_t kStep = 300;
    double kept = 0;
    for (std::int64_t s = kStep / 2; s < kHourSeconds; s += kStep) {
        kept += 1 - weekend.at(hour_s + s);
    }
    return kept * static_cast<double>(kStep) / static_cast<double>(kHourSeconds);
}

std::int64_t epoch_s(Date date) {
    return std::chrono::duration_cast<std::chrono::seconds>(date.time_since_epoch()).count();
}

}  // namespace

std::array<double, 24> hourly_start_shares(double damping) {
    const SessionTimes times(damping, 0, {});
    std::array<double, 24> shares{};
    for (std::int64_t second = 0; second < kDaySeconds; ++second) {
        const std::int64_t shifted = (second + times.warp(second) + kDaySeconds) % kDaySeconds;
        ++shares[static_cast<std::size_t>(shifted / kHourSeconds)];
    }
    scale_to_one(shares);
    return shares;
}

WeekendDamping weekend_damping_of(const Configuration& configuration, bool compat) {
    return {.share = configuration.weekend_damping,
            .offset_s = configuration.weekend_offset_min * kMinuteSeconds,
            .scale_s = configuration.weekend_scale_min * kMinuteSeconds,
            .holidays = {.only_originals = compat}};
}

std::vector<double> start_shares_by_hour(const std::array<double, 24>& of_day,
                                         const WeekendDamping& weekend, Growth growth, Date first,
                                         Date end) {
    std::vector<double> shares;
    for (std::int64_t at = epoch_s(first); at < epoch_s(end); at += kHourSeconds) {
        const auto hour = static_cast<std::size_t>(at / kHourSeconds % 24);
        const double years = static_cast<double>(at - epoch_s(first)) / kYearSeconds;
        shares.push_back(of_day[hour] * kept_share(weekend, at) * std::exp(growth.rate * years));
    }
    scale_to_one(shares);
    return shares;
}

double dropped_share(const Configuration& configuration, bool compat) {
    const auto of_day = hourly_start_shares(configuration.damping);
    const WeekendDamping weekend = weekend_damping_of(configuration, compat);
    const Date first = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};
    constexpr std::int64_t kDays = 364;
    double kept = 0;
    for (std::int64_t hour = 0; hour < 24 * kDays; ++hour) {
        kept += of_day[static_cast<std::size_t>(hour % 24)] *
                kept_share(weekend, epoch_s(first) + hour * kHourSeconds);
    }
    return 1 - kept / static_cast<double>(kDays);
}

StartActivity::StartActivity(const Configuration& configuration, bool compat, std::int64_t from_s,
                             double seconds)
    : year_mean_(1 - dropped_share(configuration, compat)), sums_{0} {
    constexpr std::int64_t kWeekSeconds = 7 * kDaySeconds;
    const auto of_day = hourly_start_shares(configuration.damping);
    const WeekendDamping weekend = weekend_damping_of(configuration, compat);
    const std::int64_t first = (from_s - kWeekSeconds) / kHourSeconds * kHourSeconds;
    const std::int64_t end = from_s + static_cast<std::int64_t>(std::ceil(seconds));
    first_s_ = static_cast<double>(first - from_s);
    for (std::int64_t at = first; at < end; at += kHourSeconds) {
        const auto hour = static_cast<std::size_t>(at / kHourSeconds % 24);
        sums_.push_back(sums_.back() + kDaySeconds * of_day[hour] * kept_share(weekend, at));
    }
}

double StartActivity::until(double second) const {
    const double hours = (second - first_s_) / static_cast<double>(kHourSeconds);
    if (hours <= 0) return year_mean_ * (second - first_s_);
    const auto whole = std::min(static_cast<std::size_t>(hours), sums_.size() - 2);
    return std::lerp(sums_[whole], sums_[whole + 1], hours - static_cast<double>(whole));
}

double mean_whole_gap(double mean_gap_s) {
    return 1 / std::expm1(1 / mean_gap_s);
}

}  // namespace bassline::simulator
