// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "simulator/analytic_chain.hpp"
#include "simulator/check.hpp"
#include "simulator/check_log.hpp"
#include "simulator/check_sessions.hpp"
#include "simulator/statistics.hpp"

// The figures of a check, by what they look at. Each function appends its own. Pure.
namespace bassline::simulator {

/// What all figures are taken from.
struct CheckInput {
    const Configuration& configuration;
    const ChainTargets& targets;
    const EventLog& log;
    const std::vector<LoggedSession>& sessions;
    CheckOptions options;
};

using CheckFigures = std::vector<CheckFigure>;

/// Records that should not be there, and topics that should agree.
void check_records(const CheckInput& input, CheckFigures& figures);
/// Transitions, first pages, session lengths by the standing they begin in, shares of pages.
void check_chain(const CheckInput& input, CheckFigures& figures);
/// Gaps within sessions: redirects, songs, memoryless ones.
void check_gaps(const CheckInput& input, CheckFigures& figures);
/// Hours and weekdays of session starts.
void check_starts(const CheckInput& input, CheckFigures& figures);

/// A figure that is exactly as expected or fails.
CheckFigure exact_figure(std::string name, std::uint64_t count, double found, double expected);
/// What chance may do to a figure.
struct Leeway {
    double standard_error = 0;  // of a mean
    double overdispersion = 1;  // of frequencies
    double close_enough = 0;    // a relative difference, or a distance, that is right in any case
};
/// Of an expectation that is close to the exact one, but not it.
inline constexpr double kNearly = 0.01;

CheckFigure mean_figure(std::string name, std::uint64_t count, double found, double expected,
                        Leeway leeway);
/// Frequencies; found is the distance between the two distributions.
CheckFigure frequency_figure(std::string name, const ChiSquared& test, Leeway leeway = {});

}  // namespace bassline::simulator
