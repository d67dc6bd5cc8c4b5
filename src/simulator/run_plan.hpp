// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulator/configuration.hpp"
#include "simulator/model.hpp"
#include "simulator/simulate.hpp"
#include "simulator/simulation.hpp"

// What a run will be, once options, configuration and defaults are weighed against each other.
// Pure.
namespace bassline::simulator {

struct RunPlan {
    ModelOptions model;
    SimulationOptions simulation;
    OutputOptions output;
};

/// Options win over the configuration, and that over defaults: 1,000 users, from 15 days ago to
/// yesterday, both at midnight. With `compat` the configuration wins for users, first id and
/// growth, its dates are ignored, and the first id is one higher.
///
/// Errors: `usage` for an end before the start; `config` for a date in the configuration that is
/// none.
Result<RunPlan> plan_run(const SimulateOptions& options, const Configuration& configuration,
                         Timestamp now);

}  // namespace bassline::simulator
