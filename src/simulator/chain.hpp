// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/configuration.hpp"

// The Markov chain of a configuration, prepared for drawing. Immutable; any threads.
namespace bassline::simulator {

using StateIndex = std::uint16_t;
/// The session ends.
inline constexpr StateIndex kEnd = 0xFFFF;

/// What the walk and the topics need to know of a state.
struct StateTraits {
    bool is_song = false;           // page NextSong
    bool is_redirect = false;       // status 300 to 398, as the original has it
    bool is_login = false;          // page Login
    bool is_logged_in = false;      // auth "Logged In"
    bool is_status_change = false;  // page Submit Upgrade or Submit Downgrade
    bool shows_user = false;        // events carry the user
    bool is_churned = false;        // a session that ends here removes the user
    std::uint16_t standing = 0;     // of (auth, level)
    std::uint8_t level = 0;         // index into levels()
};

class Chain {
public:
    explicit Chain(const Configuration& configuration);

    std::span<const PageState> states() const { return states_; }
    std::span<const std::string> levels() const { return levels_; }
    const StateTraits& traits(StateIndex state) const { return traits_[state]; }

    /// The next state by a uniform of [0, 1), or kEnd.
    StateIndex next(StateIndex state, double uniform) const {
        for (const Arm& arm : rows_[state]) {
            if (uniform < arm.until) return arm.to;
        }
        return kEnd;
    }

    /// The first state of a session of users in that standing; kEnd if the configuration has none,
    /// and then such users do not come back.
    StateIndex first(std::uint16_t standing, double uniform) const {
        for (const Arm& arm : starts_[standing]) {
            if (uniform < arm.until) return arm.to;
        }
        return kEnd;
    }

    /// The standing of users who begin as (auth, level); one without a session start is added.
    std::uint16_t standing(std::string_view auth, std::string_view level);

private:
    struct Arm {
        double until;  // cumulative probability
        StateIndex to;
    };
    using Row = std::vector<Arm>;  // the likeliest first

    static Row row_of(std::vector<Transition> transitions);
    std::uint8_t level_index(std::string_view level);

    std::vector<PageState> states_;
    std::vector<std::string> levels_;
    std::vector<StateTraits> traits_;
    std::vector<Row> rows_;                                       // by state
    std::vector<std::pair<std::string, std::string>> standings_;  // (auth, level)
    std::vector<Row> starts_;                                     // by standing
};

}  // namespace bassline::simulator
