// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simulator/analytic_chain.hpp"
#include "simulator/analytic_times.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr double kYearDays = 365.25;
constexpr double kLeavingFollowed = 24;  // a day; who leaves faster is hardly seen anyway

// What a session brings in the mean, or what came of many.
struct Yield {
    double sessions = 0;
    double page_views = 0;
    double listens = 0;
    double logins = 0;
    double status_changes = 0;

    void add(const Yield& other, double times) {
        sessions += other.sessions * times;
        page_views += other.page_views * times;
        listens += other.listens * times;
        logins += other.logins * times;
        status_changes += other.status_changes * times;
    }
};

struct Flows {
    ChainTargets targets;
    std::vector<Yield> yields;        // of a session, by standing
    std::vector<double> durations_s;  // of a session, by standing
    double absence_factor;            // draws until free time lets a start be
    double session_gap_s;
    double attrition_rate;  // a day
};

Yield yield_of(const Configuration& configuration, const SessionTargets& session) {
    Yield yield{.sessions = 1, .page_views = session.events, .listens = session.songs};
    for (std::size_t state = 0; state < session.visits.size(); ++state) {
        const std::string& page = configuration.states[state].page;
        if (page == "Login") yield.logins += session.visits[state];
        if (page == "Submit Upgrade" || page == "Submit Downgrade") {
            yield.status_changes += session.visits[state];
        }
    }
    return yield;
}

Flows flows_of(const Configuration& configuration, ChainTargets targets,
               const EstimateInput& input) {
    Flows flows{.targets = std::move(targets),
                .absence_factor = 1 / (1 - dropped_share(configuration, input.compat)),
                .session_gap_s = static_cast<double>(configuration.session_gap_s),
                .attrition_rate = input.attrition_rate / kYearDays};
    for (const SessionTargets& session : flows.targets.sessions) {
        flows.yields.push_back(yield_of(configuration, session));
        const double others = session.events - session.songs;
        flows.durations_s.push_back(session.songs * input.mean_song_s +
                                    others * mean_whole_gap(configuration.alpha));
    }
    return flows;
}

// What one user brings within each of many steps of equal length, from the first session on.
std::vector<Yield> follow(const Flows& flows, std::vector<double> mix, double absence_s,
                          double step_days, std::size_t steps) {
    std::vector<double> rates;  // sessions a day, by standing
    for (std::size_t i = 0; i < mix.size(); ++i) {
        const double cycle =
            flows.absence_factor * (absence_s + flows.session_gap_s) + flows.durations_s[i];
        rates.push_back(flows.targets.has_sessions(i) ? kDaySeconds / cycle : 0);
    }
    const double fastest = *std::max_element(rates.begin(), rates.end());
    const double changes = std::max(fastest, std::min(flows.attrition_rate, kLeavingFollowed));
    const auto parts = static_cast<int>(std::ceil(step_days * std::max(4 * changes, 1.0)));
    const double part = step_days / parts;
    const double stay = std::exp(-flows.attrition_rate * part);
    std::vector<Yield> result(steps);
    for (Yield& yield : result) {
        for (int k = 0; k < parts; ++k) {
            std::vector<double> begun(mix.size());
            for (std::size_t i = 0; i < mix.size(); ++i) {
                begun[i] = mix[i] * rates[i] * part;
                yield.add(flows.yields[i], begun[i]);
                mix[i] = (mix[i] - begun[i]) * stay;
            }
            const std::vector<double> ended = flows.targets.next_mix(begun);
            for (std::size_t i = 0; i < mix.size(); ++i) mix[i] += ended[i];
        }
    }
    return result;
}

// Initial users have been there for one absence; `days` of what follows counts.
Yield of_initial_user(const Flows& flows, const std::vector<double>& mix, double absence_s,
                      double days) {
    const double before = absence_s / kDaySeconds;
    Yield unseen;
    Yield all;
    if (before > 0) unseen.add(follow(flows, mix, absence_s, before, 1)[0], 1);
    all.add(follow(flows, mix, absence_s, before + days, 1)[0], 1);
    all.add(unseen, -1);
    return all;
}

// All users who come later, for each initial one: at time t they come at the rate g exp(g t).
Yield of_newcomers(const Flows& flows, const std::vector<double>& mix, double absence_s,
                   const EstimateInput& input) {
    constexpr std::size_t kSteps = 100;
    const double growth = input.growth_rate / kYearDays;
    Yield all;
    if (growth <= 0) return all;
    const double step = input.days / kSteps;
    const auto life = follow(flows, mix, absence_s, step, kSteps);
    Yield lived;  // of one who came as many steps before the end
    for (std::size_t age = 0; age < kSteps; ++age) {
        lived.add(life[age], 1);
        const double until = step * static_cast<double>(kSteps - age);
        all.add(lived, std::exp(growth * until) - std::exp(growth * (until - step)));
    }
    return all;
}

}  // namespace

Result<Estimate> estimate(const Configuration& configuration, const EstimateInput& input) {
    TRY_ASSIGN(ChainTargets targets, solve_chain(configuration));
    const std::vector<double> initial = initial_mix(configuration, targets);
    std::vector<double> newcomer(initial.size());
    const std::size_t standing =
        targets.find(configuration.new_user_auth, configuration.new_user_level);
    if (standing < newcomer.size()) newcomer[standing] = 1;
    const Flows flows = flows_of(configuration, std::move(targets), input);

    constexpr double kStep = 0.1;
    constexpr double kMost = 5;
    Yield total;
    double weights = 0;
    for (double z = -kMost; z <= kMost; z += kStep) {
        const double weight = std::exp(-z * z / 2);
        const double absence_s = configuration.beta * std::exp(z - 0.5);
        total.add(of_initial_user(flows, initial, absence_s, input.days), weight);
        total.add(of_newcomers(flows, newcomer, absence_s, input), weight);
        weights += weight;
    }
    const double users = input.users / weights;
    return Estimate{
        .users_at_end = input.users * std::exp(input.growth_rate * input.days / kYearDays),
        .sessions = users * total.sessions,
        .page_views = users * total.page_views,
        .listens = users * total.listens,
        .logins = users * total.logins,
        .status_changes = users * total.status_changes};
}

}  // namespace bassline::simulator
