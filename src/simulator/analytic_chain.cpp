// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_chain.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bassline::simulator {
namespace {

using Row = std::vector<double>;
using Matrix = std::vector<Row>;

// Gauss-Jordan with partial pivoting: `sides` become the solutions x of matrix x = side. False if
// the matrix is singular.
bool solve(Matrix matrix, Matrix& sides) {
    constexpr double kSmallestPivot = 1e-12;
    const std::size_t size = matrix.size();
    for (std::size_t column = 0; column < size; ++column) {
        std::size_t pivot = column;
        for (std::size_t row = column + 1; row < size; ++row) {
            if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
        }
        if (std::abs(matrix[pivot][column]) < kSmallestPivot) return false;
        std::swap(matrix[pivot], matrix[column]);
        for (Row& side : sides) std::swap(side[pivot], side[column]);
        for (std::size_t row = 0; row < size; ++row) {
            const double factor = matrix[row][column] / matrix[column][column];
            if (row == column || factor == 0) continue;
            for (std::size_t k = column; k < size; ++k)
                matrix[row][k] -= factor * matrix[column][k];
            for (Row& side : sides) side[row] -= factor * side[column];
        }
    }
    for (Row& side : sides) {
        for (std::size_t row = 0; row < size; ++row) side[row] /= matrix[row][row];
    }
    return true;
}

// x - x P, transposed so that x is a column.
Matrix flow_matrix(const Configuration& configuration) {
    const std::size_t size = configuration.states.size();
    Matrix matrix(size, Row(size));
    for (std::size_t from = 0; from < size; ++from) {
        matrix[from][from] += 1;
        for (const Transition& arm : configuration.transitions[from]) {
            matrix[arm.to][from] -= arm.probability;
        }
    }
    return matrix;
}

double end_probability(const Configuration& configuration, std::size_t state) {
    double left = 1;
    for (const Transition& arm : configuration.transitions[state]) left -= arm.probability;
    return std::max(left, 0.0);
}

std::uint32_t standing_index(ChainTargets& targets, std::string_view auth, std::string_view level) {
    const std::size_t found = targets.find(auth, level);
    if (found == targets.standings.size()) {
        targets.standings.push_back({std::string(auth), std::string(level)});
    }
    return static_cast<std::uint32_t>(found);
}

// Where sessions of each standing begin: shares by state, nothing if they do not.
Matrix session_firsts(const Configuration& configuration, const ChainTargets& targets) {
    Matrix firsts(targets.standings.size(), Row(configuration.states.size()));
    for (const SessionStart& start : configuration.session_starts) {
        firsts[targets.standing_of[start.state]][start.state] += start.weight;
    }
    for (Row& row : firsts) {
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        if (sum > 0) {
            for (double& share : row) share /= sum;
        }
    }
    return firsts;
}

SessionTargets session_targets(const Configuration& configuration, const ChainTargets& targets,
                               Row visits) {
    SessionTargets session{.ends = Row(targets.standings.size())};
    for (std::size_t state = 0; state < visits.size(); ++state) {
        session.events += visits[state];
        if (configuration.states[state].page == "NextSong") session.songs += visits[state];
        session.ends[targets.standing_of[state]] +=
            visits[state] * end_probability(configuration, state);
    }
    session.visits = std::move(visits);
    return session;
}

void scale_to_one(Row& shares) {
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    if (sum <= 0) return;
    for (double& share : shares) share /= sum;
}

}  // namespace

std::size_t ChainTargets::find(std::string_view auth, std::string_view level) const {
    std::size_t at = 0;
    while (at < standings.size() && (standings[at].auth != auth || standings[at].level != level)) {
        ++at;
    }
    return at;
}

std::vector<double> ChainTargets::next_mix(const std::vector<double>& mix) const {
    Row next(mix.size());
    for (std::size_t from = 0; from < mix.size(); ++from) {
        if (!has_sessions(from)) continue;
        for (std::size_t to = 0; to < mix.size(); ++to) {
            if (has_sessions(to)) next[to] += mix[from] * sessions[from].ends[to];
        }
    }
    return next;
}

std::vector<double> ChainTargets::long_run_mix() const {
    constexpr int kMostSteps = 1'000'000;
    constexpr double kSettled = 1e-13;
    Row mix(standings.size());
    for (std::size_t i = 0; i < mix.size(); ++i) mix[i] = has_sessions(i) ? 1 : 0;
    scale_to_one(mix);
    for (int step = 0; step < kMostSteps; ++step) {
        Row next = next_mix(mix);
        scale_to_one(next);
        double change = 0;
        for (std::size_t i = 0; i < mix.size(); ++i) change += std::abs(next[i] - mix[i]);
        mix = std::move(next);
        if (change < kSettled) break;
    }
    return mix;
}

Result<ChainTargets> solve_chain(const Configuration& configuration) {
    ChainTargets targets;
    for (const PageState& state : configuration.states) {
        targets.standing_of.push_back(standing_index(targets, state.auth, state.level));
    }
    Matrix visits = session_firsts(configuration, targets);
    std::vector<bool> begins;
    for (const Row& row : visits) {
        begins.push_back(std::any_of(row.begin(), row.end(), [](double x) { return x > 0; }));
    }
    if (!solve(flow_matrix(configuration), visits)) {
        return error(ErrorKind::config,
                     "{}: sessions that reach some states never end; nothing can be expected of it",
                     configuration.name);
    }
    for (std::size_t i = 0; i < visits.size(); ++i) {
        targets.sessions.push_back(
            begins[i] ? session_targets(configuration, targets, std::move(visits[i]))
                      : SessionTargets{});
    }
    // Users whose last session churned them have no next one.
    const std::string churned = configuration.churned_auth.value_or("");
    for (std::size_t i = 0; i < targets.standings.size(); ++i) {
        if (targets.standings[i].auth == churned) targets.sessions[i] = {};
    }
    return targets;
}

std::vector<double> initial_mix(const Configuration& configuration, const ChainTargets& targets) {
    double auth_sum = 0;
    double level_sum = 0;
    for (const Weight& auth : configuration.auths) auth_sum += auth.weight;
    for (const Weight& level : configuration.levels) level_sum += level.weight;
    Row mix(targets.standings.size());
    for (const Weight& auth : configuration.auths) {
        for (const Weight& level : configuration.levels) {
            const std::size_t standing = targets.find(auth.name, level.name);
            if (standing == mix.size() || !targets.has_sessions(standing)) continue;
            mix[standing] += auth.weight / auth_sum * level.weight / level_sum;
        }
    }
    return mix;
}

}  // namespace bassline::simulator
