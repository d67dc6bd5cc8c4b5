// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

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
    std::optional<std::int64_t> to_ms;  // none: a live run without an end

    /// The second before which events are written: no event is at or beyond the end; the original
    /// has them up to it.
    std::optional<std::int64_t> end_s() const;
    /// Whatever the events depend on, by option: what a checkpoint compares.
    nlohmann::json settings(const SimulateOptions& options) const;
};

/// Options win over the configuration, and that over defaults: 1,000 users, from 15 days ago to
/// yesterday, both at midnight; live from now on, without an end. With `compat` the configuration
/// wins for users, first id and growth, its dates are ignored, and the first id is one higher.
///
/// Errors: `usage` for a start before 1976, an end before the start or 68 years after it, for too
/// many users, and for options that exclude one another; `config` for a date in the configuration
/// that is none.
Result<RunPlan> plan_run(const SimulateOptions& options, const Configuration& configuration,
                         Timestamp now);

}  // namespace bassline::simulator
