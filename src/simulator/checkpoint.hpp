// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "simulator/simulation.hpp"

// The state of a simulation in a file, so that a later process goes on with the same events and
// ids. A line of JSON (CheckpointHeader), then the users, column by column, as they lie in memory:
// a checkpoint belongs to the program and machine type that wrote it. Replaced as a whole.
namespace bassline::simulator {

struct CheckpointHeader {
    nlohmann::json settings;           // whatever the output depends on, by option
    std::vector<std::uint64_t> sizes;  // of the output files, when the state was kept
};

/// None if there is no such file. Errors: `io`; `bad_data` if it is no checkpoint.
Result<std::optional<CheckpointHeader>> read_checkpoint_header(const std::string& file);

/// The first setting that differs, for people; empty if none does.
std::string difference(const nlohmann::json& kept, const nlohmann::json& wanted);

/// It is on disk when this returns. Errors: `io`; a former checkpoint then stays.
Result<void> write_checkpoint(const std::string& file, const CheckpointHeader& header,
                              const Simulation& simulation);

/// Errors: `io`; `bad_data` if it is damaged or from another version; `config` if the model lacks
/// what it names.
Result<void> read_checkpoint(const std::string& file, Simulation& simulation);

}  // namespace bassline::simulator
