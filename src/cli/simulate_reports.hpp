// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "simulator/simulate.hpp"

// What `bassline simulate` prints instead of simulating.
namespace bassline::cli {

/// --estimate: expected records and bytes of the run that the options ask for.
Result<Exit> print_estimate(const simulator::SimulateOptions& options, bool json);

/// --check: the figures of these files against the configuration's; `data_test_failed` if one
/// fails.
Result<Exit> print_check(const std::vector<std::string>& files,
                         const simulator::SimulateOptions& options, bool json);

}  // namespace bassline::cli
