// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulator/analytic_chain.hpp"
#include "simulator/check_log.hpp"

// The sessions of a log. Views into it.
namespace bassline::simulator {

struct LoggedSession {
    std::span<const LoggedStep> steps;  // by item
    std::uint64_t user;                 // of any of its events, or LoggedStep::kNoUser
    bool begins;                        // its first event is there
    bool is_complete;                   // and all others, as far as one can know
    std::size_t standing;               // of its first event, in ChainTargets
};

/// How long before the end a session begins to be taken for complete: 3 days, but at most a quarter
/// of the log.
std::int64_t complete_margin_ms(const EventLog& log);

std::vector<LoggedSession> sessions_of(const EventLog& log, const ChainTargets& targets);

}  // namespace bassline::simulator
