// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

// Time enters the program here and nowhere else, so that a test can stop it. All times are UTC.
namespace bassline {

/// Microseconds since 1970-01-01T00:00:00Z.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

using SteadyTime = std::chrono::steady_clock::time_point;

/// A day of the UTC calendar; also a lake's date partition.
using Date = std::chrono::sys_days;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
    /// For durations and paces: goes on evenly whatever is done to the clock of the wall, and
    /// stands still while the machine is suspended (CLOCK_MONOTONIC).
    virtual SteadyTime steady_now() const { return std::chrono::steady_clock::now(); }
};

/// Seconds from `began` to now.
double seconds_since(SteadyTime began, const Clock& clock);

class SystemClock : public Clock {
public:
    Timestamp now() const override;
};

/// The day that holds the instant; total for any epoch-millisecond value of a plausible year.
Date date_of_ms(std::int64_t epoch_ms);

/// Sleeps, but not for longer than until a stop is asked for.
void sleep_unless_stopped(const std::stop_token& stop, std::chrono::milliseconds time);

/// "2025-03-14".
std::string format_date(Date date);

/// "2025-03-14T23:50:00.000000Z".
std::string format_rfc3339(Timestamp time);

}  // namespace bassline
