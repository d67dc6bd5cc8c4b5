// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include "simulator/configuration.hpp"

// At which hours sessions begin, exactly enough to be tested against: hourly_start_shares takes the
// times before the shift for evenly spread, but a user who is seldom away for long begins the next
// session from the last one's hour. Pure.
namespace bassline::simulator {

/// Sessions of one kind: their share, and the mean time from their first to their last event.
struct SessionDuration {
    double share;
    double mean_s;
};

/// Shares of session starts by hour of the day (UTC), before free time drops any. The distribution
/// of a user's starts over quarters of an hour is the one that a session, an absence and the shift
/// lead back to; users are mixed by how many sessions they have. `dropped`: the share of starts
/// that free time drops.
std::array<double, 24> settled_start_shares(const Configuration& configuration,
                                            std::span<const SessionDuration> durations,
                                            double dropped);

}  // namespace bassline::simulator
