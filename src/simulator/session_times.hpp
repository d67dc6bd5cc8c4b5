// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simulator/calendar.hpp"
#include "simulator/random_stream.hpp"

// When sessions begin. Pure but for the stream it draws from.
namespace bassline::simulator {

/// Epoch seconds beyond every simulation (the year 4770); a start there means never.
inline constexpr std::int64_t kNeverEpoch = std::int64_t{1} << 36;

class SessionTimes {
public:
    SessionTimes(double damping, std::int64_t session_gap_s, WeekendDamping weekend)
        : damping_(damping), session_gap_s_(session_gap_s), weekend_(weekend) {}

    /// The shift of the daily cycle at that time, whole seconds, towards zero: starts move away
    /// from 03:00 and towards 15:00.
    std::int64_t warp(std::int64_t epoch_s) const;

    /// The start after the last event at `from`: a memoryless gap of that mean plus the session
    /// gap, warped; again from later while that is before `from` or free time drops it. Later
    /// than `from` if there is no session gap; kNeverEpoch at last where all is dropped.
    std::int64_t next_start(std::int64_t from, double mean_gap_s, RandomStream& random) const;

    /// The first start at or after `earliest` of a user who has been there for long: starts are
    /// followed from `from`, which is some mean gaps before.
    std::int64_t first_start(std::int64_t from, std::int64_t earliest, double mean_gap_s,
                             RandomStream& random) const;

private:
    double damping_;  // of a day
    std::int64_t session_gap_s_;
    WeekendDamping weekend_;
};

}  // namespace bassline::simulator
