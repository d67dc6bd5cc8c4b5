// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "simulator/configuration.hpp"

// How much a simulation will write, before it is run. Pure.
//
// Users differ by a lognormal factor in how long they stay away; for each of them sessions come at
// a rate that depends on the standing they begin in and on the time (hour, weekend, holiday), and
// carry users from standing to standing; what a session brings comes while it lasts. These flows
// are followed over time in the mean. A run's total differs by a few percent from seed to seed,
// since a few users are very active.
namespace bassline::simulator {

struct EstimateInput {
    double users = 0;         // at the start
    std::int64_t from_s = 0;  // epoch seconds
    double days = 0;
    double growth_rate = 0;     // a year
    double attrition_rate = 0;  // a year
    double bots = 0;            // share of users
    bool compat = false;
    double mean_song_s = 240;  // of songs as they are played
};

struct Estimate {
    double users_at_end = 0;  // who have arrived
    double sessions = 0;      // begun within the days, or open at their start
    double page_views = 0;
    double listens = 0;
    double logins = 0;          // page Login
    double status_changes = 0;  // pages Submit Upgrade and Submit Downgrade
};

/// Errors: `config` as solve_chain.
Result<Estimate> estimate(const Configuration& configuration, const EstimateInput& input);

}  // namespace bassline::simulator
