// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.hpp"

// How far a live simulation should have come. Pure: the caller says what time it is.
namespace bassline::simulator {

/// Real time: the simulated clock goes as that of the wall does, from a moment on. It makes up for
/// a time in which nobody asked, and stands still while the wall's clock, put back, is behind it.
class ClockPace {
public:
    ClockPace(Timestamp real, std::int64_t simulated_s) : real_(real), simulated_s_(simulated_s) {}

    /// The second until which events are due.
    std::int64_t due_s(Timestamp now) const;

private:
    Timestamp real_;
    std::int64_t simulated_s_;
};

/// Any other speed: the simulated clock runs `speed` times as fast as the steady one. Of a time in
/// which nobody asked, no more than five seconds are made up for: many times a long pause would be
/// a history that nobody wants at once.
class SpeedPace {
public:
    SpeedPace(SteadyTime real, std::int64_t simulated_s, double speed)
        : real_(real), last_(real), simulated_s_(simulated_s), speed_(speed) {}

    /// The second until which events are due.
    std::int64_t due_s(SteadyTime now);

private:
    SteadyTime real_;  // when the clock stood at `simulated_s_`, pauses left out
    SteadyTime last_;
    std::int64_t simulated_s_;
    double speed_;
};

/// Aims at so many records a second of real time, at whatever speed of the simulated clock.
///
/// The simulated rate changes over the day, so each tick goes by that of the last ones; what was
/// too much or too little is made up for in the next, but not more than a second's worth.
class RatePace {
public:
    RatePace(SteadyTime real, double records_per_second, std::int64_t now_s, std::uint64_t records)
        : last_(real), wanted_(records_per_second), last_now_s_(now_s), last_records_(records) {}

    /// The second until which to simulate now, given where the simulation stands: `now_s` itself if
    /// enough is written already.
    std::int64_t due_s(SteadyTime now, std::int64_t now_s, std::uint64_t records);

private:
    SteadyTime last_;
    double wanted_;
    std::int64_t last_now_s_;
    std::uint64_t last_records_;
    double missing_ = 0;            // records due and not written
    double recent_records_ = 0;     // of the last ticks, older ones counting less
    double recent_seconds_ = 0;     // simulated in them
    std::int64_t last_stride_ = 1;  // doubled while no record came at all
};

}  // namespace bassline::simulator
