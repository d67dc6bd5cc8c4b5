// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_hours.hpp"

#include <cmath>
#include <numeric>

#include "simulator/session_times.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr std::size_t kBins = 96;
constexpr double kBinSeconds = static_cast<double>(kDaySeconds) / kBins;
constexpr double kSettled = 1e-5;

using Circle = std::array<double, kBins>;  // a distribution over the day

// Adds mass that is spread over one bin's width from a position (in bins) on.
void add_at(Circle& circle, double position, double mass) {
    const double whole = std::floor(position);
    const auto bin = static_cast<std::size_t>(whole) % kBins;
    circle[bin] += mass * (1 - (position - whole));
    circle[(bin + 1) % kBins] += mass * (position - whole);
}

// The part of an exponential delay that falls into the k-th bin after its start, in the first day.
double delay_share(double mean_s, std::size_t k) {
    const double bin = kBinSeconds / mean_s;
    return -std::expm1(-bin) * std::exp(-bin * static_cast<double>(k));
}

// All days of an exponential delay over its first one.
double wrapped_factor(double mean_s) {
    return -1 / std::expm1(-kDaySeconds / mean_s);
}

// A bin's time and a delay's are both known to a bin: their sum lies half a bin later.
double sum_of(std::size_t bin, std::size_t delay) {
    return static_cast<double>(bin + delay) + 0.5;
}

// Moves starts to the ends of their sessions.
Circle after_sessions(const Circle& starts, std::span<const SessionDuration> durations) {
    Circle ends{};
    for (const SessionDuration& duration : durations) {
        const double mean = std::max(duration.mean_s, 1.0);
        for (std::size_t k = 0; k < kBins; ++k) {
            const double share = duration.share * delay_share(mean, k) * wrapped_factor(mean);
            for (std::size_t i = 0; i < kBins; ++i) add_at(ends, sum_of(i, k), share * starts[i]);
        }
    }
    return ends;
}

// The shift of the daily cycle.
class Warp {
public:
    explicit Warp(double damping) : times_(damping, 0, {}) {
        constexpr int kParts = 90;
        for (std::size_t bin = 0; bin < kBins; ++bin) {
            for (int part = 0; part < kParts; ++part) {
                const double at = (static_cast<double>(bin) + (part + 0.5) / kParts) * kBinSeconds;
                const double to = at + shift_s(at) + kDaySeconds;
                targets_[bin][static_cast<std::size_t>(to / kBinSeconds) % kBins] += 1.0 / kParts;
            }
        }
    }
    double shift_s(double second) const {
        return static_cast<double>(times_.warp(static_cast<std::int64_t>(second)));
    }
    Circle operator()(const Circle& times) const {
        Circle shifted{};
        for (std::size_t from = 0; from < kBins; ++from) {
            for (std::size_t to = 0; to < kBins; ++to)
                shifted[to] += times[from] * targets_[from][to];
        }
        return shifted;
    }

private:
    SessionTimes times_;
    std::array<Circle, kBins> targets_{};
};

// Where the next start lies after `from`; one that the shift puts before it is tried again, later
// by the session gap.
Circle next_starts(Circle from, double mean_s, double gap_s, const Warp& warp) {
    constexpr int kMostTries = 20;
    Circle times{};
    for (int tries = 0; tries < kMostTries; ++tries) {
        Circle again{};
        for (std::size_t k = 0; k < kBins; ++k) {
            const double first_day = delay_share(mean_s, k);
            const double later_days = first_day * (wrapped_factor(mean_s) - 1);
            const double delay_s = (static_cast<double>(k) + 0.5) * kBinSeconds + gap_s;
            for (std::size_t i = 0; i < kBins; ++i) {
                const double position = sum_of(i, k) + gap_s / kBinSeconds;
                const bool is_before = delay_s + warp.shift_s(position * kBinSeconds) < 0;
                add_at(times, position, from[i] * (later_days + (is_before ? 0 : first_day)));
                if (!is_before) continue;
                add_at(again, static_cast<double>(i) + gap_s / kBinSeconds, from[i] * first_day);
            }
        }
        from = again;
        if (std::accumulate(from.begin(), from.end(), 0.0) < kSettled) break;
    }
    return warp(times);
}

// The starts of users with this mean absence, once they no longer change.
Circle settled_starts(const Configuration& configuration, double mean_absence_s,
                      std::span<const SessionDuration> durations, double dropped,
                      const Warp& warp) {
    constexpr int kMostSessions = 100;
    const auto gap_s = static_cast<double>(configuration.session_gap_s);
    Circle starts;
    starts.fill(1.0 / kBins);
    for (int session = 0; session < kMostSessions; ++session) {
        Circle from = after_sessions(starts, durations);
        for (std::size_t i = 0; i < kBins; ++i) {
            from[i] = (1 - dropped) * from[i] + dropped * starts[i];
        }
        const Circle next = next_starts(from, mean_absence_s, gap_s, warp);
        const double sum = std::accumulate(next.begin(), next.end(), 0.0);
        double change = 0;
        for (std::size_t i = 0; i < kBins; ++i) {
            change += std::abs(next[i] / sum - starts[i]);
            starts[i] = next[i] / sum;
        }
        if (change < kSettled) break;
    }
    return starts;
}

}  // namespace

std::array<double, 24> settled_start_shares(const Configuration& configuration,
                                            std::span<const SessionDuration> durations,
                                            double dropped) {
    constexpr double kStep = 0.5;
    constexpr double kMost = 3.5;
    double session_s = 0;
    for (const SessionDuration& duration : durations) {
        session_s += duration.share * duration.mean_s;
    }
    const Warp warp(configuration.damping);
    std::array<double, 24> shares{};
    for (double z = -kMost; z <= kMost; z += kStep) {
        const double absence_s = configuration.beta * std::exp(z - 0.5);
        const double cycle_s =
            (absence_s + static_cast<double>(configuration.session_gap_s)) / (1 - dropped) +
            session_s;
        const double weight = std::exp(-z * z / 2) / cycle_s;
        const Circle starts = settled_starts(configuration, absence_s, durations, dropped, warp);
        for (std::size_t i = 0; i < kBins; ++i) shares[i * 24 / kBins] += weight * starts[i];
    }
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) share /= sum;
    return shares;
}

}  // namespace bassline::simulator
