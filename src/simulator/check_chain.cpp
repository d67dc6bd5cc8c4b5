// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "simulator/check_figures.hpp"

namespace bassline::simulator {
namespace {

using Counts = std::vector<double>;

std::string name_of(const Standing& standing) {
    return fmt::format("{}, {}", standing.auth, standing.level);
}

// How often each state followed each other in complete sessions; the last column is the end.
std::vector<Counts> count_transitions(const CheckInput& input) {
    const std::size_t states = input.log.states.size();
    std::vector<Counts> counts(states, Counts(states + 1));
    for (const LoggedSession& session : input.sessions) {
        if (!session.is_complete) continue;
        for (std::size_t i = 0; i < session.steps.size(); ++i) {
            const bool is_last = i + 1 == session.steps.size();
            ++counts[session.steps[i].state][is_last ? states : session.steps[i + 1].state];
        }
    }
    return counts;
}

// Probabilities of a row, as the counts lie.
Counts row_probabilities(const CheckInput& input, std::size_t state) {
    const std::size_t states = input.log.states.size();
    Counts row(states + 1);
    row[states] = 1;
    for (const Transition& arm : input.configuration.transitions[state]) {
        row[arm.to] += arm.probability;
        row[states] -= arm.probability;
    }
    if (row[states] < 1e-9) row[states] = 0;
    return row;
}

double sum(const Counts& counts) {
    double total = 0;
    for (const double count : counts) total += count;
    return total;
}

// Adds a row to a test; what the configuration excludes is counted apart.
double add_row(ChiSquared& test, const Counts& found, const Counts& shares) {
    double impossible = 0;
    Counts possible = found;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (shares[i] > 0) continue;
        impossible += found[i];
        possible[i] = 0;
    }
    Counts expected = shares;
    const double total = sum(possible);
    for (double& share : expected) share *= total;
    test.add_table(possible, expected);
    return impossible;
}

void check_transitions(const CheckInput& input, CheckFigures& figures) {
    const auto counts = count_transitions(input);
    std::vector<ChiSquared> tests(input.targets.standings.size());
    double impossible = 0;
    std::uint64_t steps = 0;
    for (std::size_t state = 0; state < input.configuration.states.size(); ++state) {
        impossible += add_row(tests[input.targets.standing_of[state]], counts[state],
                              row_probabilities(input, state));
        steps += static_cast<std::uint64_t>(sum(counts[state]));
    }
    figures.push_back(exact_figure("transitions that are not configured", steps, impossible, 0));
    for (std::size_t i = 0; i < tests.size(); ++i) {
        if (tests[i].observed() == 0) continue;
        figures.push_back(
            frequency_figure("transitions from " + name_of(input.targets.standings[i]), tests[i]));
    }
}

void check_first_pages(const CheckInput& input, CheckFigures& figures) {
    const std::size_t states = input.log.states.size();
    std::vector<Counts> found(input.targets.standings.size(), Counts(states));
    for (const LoggedSession& session : input.sessions) {
        if (session.begins && session.standing < found.size()) {
            ++found[session.standing][session.steps.front().state];
        }
    }
    std::vector<Counts> shares(found.size(), Counts(states));
    for (const SessionStart& start : input.configuration.session_starts) {
        shares[input.targets.standing_of[start.state]][start.state] += start.weight;
    }
    double impossible = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double total = sum(shares[i]);
        for (double& share : shares[i]) share /= total > 0 ? total : 1;
        if (sum(found[i]) == 0) continue;
        ChiSquared test;
        impossible += add_row(test, found[i], shares[i]);
        figures.push_back(
            frequency_figure("first pages from " + name_of(input.targets.standings[i]), test));
    }
    figures.push_back(
        exact_figure("first pages that are not configured", input.sessions.size(), impossible, 0));
}

// Pages of the configuration, and which of them each state shows.
struct Pages {
    std::vector<std::string> names;
    std::vector<std::size_t> of_state;
};

Pages pages_of(const CheckInput& input) {
    Pages pages;
    std::map<std::string, std::size_t> numbers;
    for (const PageState& state : input.log.states) {
        const auto [found, is_new] = numbers.try_emplace(state.page, pages.names.size());
        if (is_new) pages.names.push_back(state.page);
        pages.of_state.push_back(found->second);
    }
    return pages;
}

// Expected page views in a session, by page.
Counts expected_pages(const SessionTargets& session, const Pages& pages) {
    Counts expected(pages.names.size());
    for (std::size_t state = 0; state < session.visits.size(); ++state) {
        expected[pages.of_state[state]] += session.visits[state];
    }
    return expected;
}

void check_lengths(const CheckInput& input, const Pages& pages, CheckFigures& figures) {
    for (std::size_t i = 0; i < input.targets.standings.size(); ++i) {
        if (!input.targets.has_sessions(i)) continue;
        Sample events;
        Sample songs;
        for (const LoggedSession& session : input.sessions) {
            if (!session.is_complete || session.standing != i) continue;
            events.add(static_cast<double>(session.steps.size()));
            double played = 0;
            for (const LoggedStep& step : session.steps) {
                played += pages.names[pages.of_state[step.state]] == "NextSong" ? 1 : 0;
            }
            songs.add(played);
        }
        if (events.count() == 0) continue;
        const std::string name = name_of(input.targets.standings[i]);
        const SessionTargets& target = input.targets.sessions[i];
        figures.push_back(mean_figure("events a session from " + name, events.count(),
                                      events.mean(), target.events,
                                      {.standard_error = events.standard_error()}));
        figures.push_back(mean_figure("songs a session from " + name, songs.count(), songs.mean(),
                                      target.songs, {.standard_error = songs.standard_error()}));
    }
}

// Shares of pages given how the sessions began. The error of a share s: each session's own surplus
// of the page over its expectation, less s times its surplus of events.
void check_pages(const CheckInput& input, const Pages& pages, CheckFigures& figures) {
    const std::size_t count = pages.names.size();
    std::vector<Counts> expected_by_standing;
    for (const SessionTargets& target : input.targets.sessions) {
        expected_by_standing.push_back(expected_pages(target, pages));
    }
    std::vector<Counts> surpluses;
    Counts found(count);
    Counts expected(count);
    for (const LoggedSession& session : input.sessions) {
        if (!session.is_complete || session.standing >= expected_by_standing.size()) continue;
        Counts own(count);
        for (const LoggedStep& step : session.steps) ++own[pages.of_state[step.state]];
        for (std::size_t page = 0; page < count; ++page) {
            const double target = expected_by_standing[session.standing][page];
            found[page] += own[page];
            expected[page] += target;
            own[page] -= target;
        }
        surpluses.push_back(std::move(own));
    }
    const double found_sum = sum(found);
    const double expected_sum = sum(expected);
    if (found_sum == 0 || expected_sum == 0) return;
    for (std::size_t page = 0; page < count; ++page) {
        const double share = expected[page] / expected_sum;
        double squares = 0;
        for (const Counts& surplus : surpluses) {
            const double off = surplus[page] - share * sum(surplus);
            squares += off * off;
        }
        figures.push_back(mean_figure(
            "share of page " + pages.names[page], static_cast<std::uint64_t>(expected[page]),
            found[page] / found_sum, share, {.standard_error = std::sqrt(squares) / expected_sum}));
    }
}

}  // namespace

void check_chain(const CheckInput& input, CheckFigures& figures) {
    const Pages pages = pages_of(input);
    check_transitions(input, figures);
    check_first_pages(input, figures);
    check_lengths(input, pages, figures);
    check_pages(input, pages, figures);
}

}  // namespace bassline::simulator
