// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "base/clock.hpp"
#include "simulator/calendar.hpp"
#include "simulator/configuration.hpp"

// What a configuration's times give in the mean: hours, free days, gaps. Pure.
namespace bassline::simulator {

/// Shares of session starts by hour of the day (UTC). Times that are spread evenly are shifted by
/// the daily cycle; the density of the result is 1 / (1 + 2 pi damping cos(angle)) at the angle
/// that the day has, from 03:00, before the shift.
std::array<double, 24> hourly_start_shares(double damping);

/// The configuration's damping of free time. `compat`: by the original's calendar.
WeekendDamping weekend_damping_of(const Configuration& configuration, bool compat);

struct Growth {
    double rate = 0;  // a year: the population is exp(rate t) times the first day's
};

/// Shares of session starts by hour from `first` to before `end`: those of a day's hours, less what
/// free time drops of them. Sums to 1.
std::vector<double> start_shares_by_hour(const std::array<double, 24>& of_day,
                                         const WeekendDamping& weekend, Growth growth, Date first,
                                         Date end);

/// The share of session starts that free time drops, over the weeks of a year.
double dropped_share(const Configuration& configuration, bool compat);

/// How readily sessions begin at a time, against a time that neither the daily cycle nor free time
/// touches: 1 in the mean of a day without free time. By the hour, from a week before a start.
class StartActivity {
public:
    /// From `from_s` (epoch seconds) on for `seconds`. `compat` as weekend_damping_of has it.
    StartActivity(const Configuration& configuration, bool compat, std::int64_t from_s,
                  double seconds);

    /// The mean between two times, seconds since `from_s`; that of a year for what lies further
    /// back than a week. `begin_s` is before `end_s`.
    double mean(double begin_s, double end_s) const {
        return (until(end_s) - until(begin_s)) / (end_s - begin_s);
    }

private:
    double until(double second) const;

    double first_s_;            // of the hours, since from_s
    double year_mean_;          // before the hours
    std::vector<double> sums_;  // of activity times seconds, up to each hour
};

/// The mean over users of a function of their activity factor, which is lognormal: exp(Z - 1/2),
/// mean 1.
template <class Function>
double mean_over_users(Function function) {
    constexpr double kStep = 0.02;
    constexpr double kMost = 8;
    double sum = 0;
    double weights = 0;
    for (double z = -kMost; z <= kMost; z += kStep) {
        const double weight = std::exp(-z * z / 2);
        sum += weight * function(std::exp(z - 0.5));
        weights += weight;
    }
    return sum / weights;
}

/// The mean of an exponential gap cut to whole seconds.
double mean_whole_gap(double mean_gap_s);

}  // namespace bassline::simulator
