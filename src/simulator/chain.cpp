// SPDX-License-Identifier: Apache-2.0
#include "simulator/chain.hpp"

#include <algorithm>

namespace bassline::simulator {

Chain::Chain(const Configuration& configuration) : states_(configuration.states) {
    for (const PageState& state : states_) {
        const auto& shown = configuration.shown_auths;
        traits_.push_back(
            {.is_song = state.page == "NextSong",
             .is_redirect = state.status >= 300 && state.status < 399,
             .is_login = state.page == "Login",
             .is_logged_in = state.auth == "Logged In",
             .is_status_change = state.page == "Submit Upgrade" || state.page == "Submit Downgrade",
             .shows_user = std::find(shown.begin(), shown.end(), state.auth) != shown.end(),
             .is_churned = configuration.churned_auth == state.auth,
             .standing = standing(state.auth, state.level),
             .level = level_index(state.level)});
    }
    for (const auto& transitions : configuration.transitions) rows_.push_back(row_of(transitions));

    std::vector<std::vector<Transition>> starts(starts_.size());
    for (const SessionStart& start : configuration.session_starts) {
        starts[traits_[start.state].standing].push_back({start.state, start.weight});
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
        double sum = 0;
        for (const Transition& start : starts[i]) sum += start.probability;
        if (sum <= 0) continue;
        for (Transition& start : starts[i]) start.probability /= sum;
        starts_[i] = row_of(starts[i]);
        starts_[i].back().until = 1;  // whatever rounding did
    }
}

std::uint16_t Chain::standing(std::string_view auth, std::string_view level) {
    const auto found = std::find_if(
        standings_.begin(), standings_.end(),
        [&](const auto& standing) { return standing.first == auth && standing.second == level; });
    if (found != standings_.end()) {
        return static_cast<std::uint16_t>(found - standings_.begin());
    }
    standings_.emplace_back(auth, level);
    starts_.emplace_back();
    return static_cast<std::uint16_t>(standings_.size() - 1);
}

std::uint8_t Chain::level_index(std::string_view level) {
    const auto found = std::find(levels_.begin(), levels_.end(), level);
    if (found != levels_.end()) return static_cast<std::uint8_t>(found - levels_.begin());
    levels_.emplace_back(level);
    return static_cast<std::uint8_t>(levels_.size() - 1);
}

Chain::Row Chain::row_of(std::vector<Transition> transitions) {
    std::stable_sort(
        transitions.begin(), transitions.end(),
        [](const Transition& a, const Transition& b) { return a.probability > b.probability; });
    Row row;
    double until = 0;
    for (const Transition& transition : transitions) {
        if (transition.probability <= 0) continue;
        until += transition.probability;
        row.push_back({until, static_cast<StateIndex>(transition.to)});
    }
    return row;
}

}  // namespace bassline::simulator
