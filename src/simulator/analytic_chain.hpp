// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "simulator/configuration.hpp"

// What a configuration's Markov chain gives in the mean, without simulating it. A session is an
// absorbing chain: the expected visits x of its states solve x = first + x P. Pure.
namespace bassline::simulator {

/// A user between sessions: (auth, level) of the last event.
struct Standing {
    std::string auth, level;

    bool operator==(const Standing&) const = default;
};

/// Sessions that begin in one standing.
struct SessionTargets {
    std::vector<double> visits;  // expected in a session, by state
    std::vector<double> ends;    // probability, by the standing that the session ends in
    double events = 0;           // expected in a session
    double songs = 0;            // of them on page NextSong
};

struct ChainTargets {
    std::vector<Standing> standings;
    std::vector<std::uint32_t> standing_of;  // by state
    std::vector<SessionTargets> sessions;    // by standing; no visits if no session starts there

    /// Index into standings; their number if there is none such.
    std::size_t find(std::string_view auth, std::string_view level) const;
    bool has_sessions(std::size_t standing) const { return !sessions[standing].visits.empty(); }

    /// How the standings that sessions begin in are shared after one more session each; users
    /// without a next session (churned, or no session starts there) are left out, so it sums to
    /// their survivors.
    std::vector<double> next_mix(const std::vector<double>& mix) const;

    /// The mix that does not change from session to session.
    std::vector<double> long_run_mix() const;
};

/// Errors: `config` if sessions of a standing never end.
Result<ChainTargets> solve_chain(const Configuration& configuration);

/// How initial users' sessions begin: auths and levels drawn independently. Sums to 1, or less if
/// some users can start no session.
std::vector<double> initial_mix(const Configuration& configuration, const ChainTargets& targets);

}  // namespace bassline::simulator
