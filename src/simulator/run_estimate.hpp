// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "simulator/analytic_estimate.hpp"
#include "simulator/event_writer.hpp"
#include "simulator/simulate.hpp"

// `simulate --estimate`: what a run will write, without making it.
namespace bassline::simulator {

struct RunEstimate {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    double users = 0;  // at the start
    Estimate expected;
    TopicCounts topics;  // records and bytes, before compression
};

/// Expected counts by estimate(); bytes a record as a small run with the same options has them.
/// Faults count: bots' events, copies, and what damage adds to records.
/// Errors: `usage`, `config` as simulate; `usage` for a run without an end, or
/// of more than 64 bits count.
Result<RunEstimate> estimate_run(const SimulateOptions& options, Timestamp now);

}  // namespace bassline::simulator
