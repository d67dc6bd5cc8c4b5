// SPDX-License-Identifier: Apache-2.0
#include "simulator/check_sessions.hpp"

#include <algorithm>

namespace bassline::simulator {

std::int64_t complete_margin_ms(const EventLog& log) {
    constexpr std::int64_t kThreeDays = std::int64_t{3} * 86'400'000;
    return std::min(kThreeDays, (log.last_ms - log.first_ms) / 4);
}

std::vector<LoggedSession> sessions_of(const EventLog& log, const ChainTargets& targets) {
    std::vector<std::size_t> standing_of;
    for (const PageState& state : log.states) {
        standing_of.push_back(targets.find(state.auth, state.level));
    }
    const std::int64_t latest = log.last_ms - complete_margin_ms(log);
    std::vector<LoggedSession> sessions;
    for (auto first = log.steps.begin(); first != log.steps.end();) {
        const auto end = std::find_if(first, log.steps.end(), [&](const auto& step) {
            return step.session != first->session;
        });
        const std::span steps(first, end);
        const auto shown = std::ranges::find_if(
            steps, [](const auto& step) { return step.user != LoggedStep::kNoUser; });
        const bool begins = first->item == 0;
        const bool has_no_hole = steps.back().item - first->item + 1 == steps.size();
        sessions.push_back({.steps = steps,
                            .user = shown == steps.end() ? LoggedStep::kNoUser : shown->user,
                            .begins = begins,
                            .is_complete = begins && has_no_hole && first->ts_ms <= latest,
                            .standing = standing_of[first->state]});
        first = end;
    }
    return sessions;
}

}  // namespace bassline::simulator
