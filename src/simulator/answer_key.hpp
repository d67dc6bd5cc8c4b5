// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.hpp"
#include "simulator/accountant.hpp"
#include "simulator/fault_sink.hpp"

// The answer key: what a pipeline must find in a simulation's records, exactly
// (docs/formats/simulator.md).
namespace bassline::simulator {

/// Counts of records and faults; with `totals` what gold must say.
nlohmann::json answer_key(const FaultCounts& counts, const ExpectedTotals* totals);

/// Writes it as a whole. Errors: `io`.
Result<void> write_answer_key(const std::string& file, const nlohmann::json& key);

}  // namespace bassline::simulator
