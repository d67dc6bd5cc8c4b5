// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

// Instants as people and EventSim's files write them. Pure.
namespace bassline::simulator {

/// Epoch milliseconds of "2025-09-01", "2025-09-01T08:30", "...:15", "...:15.123", with or without
/// Z or an offset such as +02:00; without one it is UTC. Errors: `usage`.
Result<std::int64_t> parse_time(std::string_view text);

}  // namespace bassline::simulator
