// SPDX-License-Identifier: Apache-2.0
#include "simulator/analytic_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "simulator/analytic_chain.hpp"
#include "simulator/analytic_times.hpp"
#include "simulator/faults.hpp"
#include "simulator/session_times.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr double kShortStepSeconds = 3600;  // the steps of short periods

// What sessions bring.
struct Yield {
    double page_views = 0;
    double listens = 0;
    double logins = 0;
    double status_changes = 0;

    void add(const Yield& other, double times) {
        page_views += other.page_views * times;
        listens += other.listens * times;
        logins += other.logins * times;
        status_changes += other.status_changes * times;
    }
};

struct Total {
    double sessions = 0;
    Yield yield;

    void add(const Total& other, double times) {
        sessions += other.sessions * times;
        yield.add(other.yield, times);
    }
};

struct Flows {
    ChainTargets targets;
    std::vector<Yield> yields;     // of a session, by standing
    StartActivity activity;        // by seconds since the start
    std::vector<double> initial;   // shares of users by standing
    std::vector<double> newcomer;  // the same of those who come later
    double growth_rate;            // a second
    double attrition_rate;         // a second
};

// Users who are alike.
struct Group {
    double absence_s;
    double wait_s;                    // from a session to the next at activity 1
    std::vector<double> durations_s;  // of a session, by standing
};

Yield yield_of(const Configuration& configuration, const SessionTargets& session) {
    Yield yield{.page_views = session.events, .listens = session.songs};
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
                .activity = StartActivity(configuration, input.compat, input.from_s,
                                          input.days * kDaySeconds),
                .growth_rate = input.growth_rate / kYearSeconds,
                .attrition_rate = input.attrition_rate / kYearSeconds};
    for (const SessionTargets& session : flows.targets.sessions) {
        flows.yields.push_back(yield_of(configuration, session));
    }
    flows.initial = initial_mix(configuration, flows.targets);
    flows.newcomer.resize(flows.initial.size());
    const std::size_t standing =
        flows.targets.find(configuration.new_user_auth, configuration.new_user_level);
    if (standing < flows.newcomer.size()) flows.newcomer[standing] = 1;
    return flows;
}

std::vector<double> durations_of(const Flows& flows, double mean_song_s, double mean_gap_s) {
    std::vector<double> durations_s;
    for (const SessionTargets& session : flows.targets.sessions) {
        const double others = session.events - session.songs;
        durations_s.push_back(session.songs * mean_song_s + others * mean_whole_gap(mean_gap_s));
    }
    return durations_s;
}

// Who is seldom away for long is delayed by the daily cycle more than it brings forward, since no
// session begins before the last one's end: the mean over many of their waits.
double wait_of_bots(const Configuration& configuration, double session_s) {
    constexpr int kWaits = 20'000;
    const SessionTimes times(configuration.damping, configuration.session_gap_s, {});
    RandomStream random(0, StreamPurpose::behaviour, 0);
    std::int64_t from = 0;
    double waits_s = 0;
    for (int i = 0; i < kWaits; ++i) {
        const std::int64_t start = times.next_start(from, kBotAbsenceSeconds, random);
        waits_s += static_cast<double>(start - from);
        from = start + static_cast<std::int64_t>(exponential(session_s, random.next().u));
    }
    return waits_s / kWaits;
}

// What a group's users do in the mean, followed over time: for each initial one.
class Life {
public:
    Life(const Flows& flows, const Group& group)
        : flows_(flows), group_(group), mix_(flows.initial), open_(mix_.size()) {
        for (std::size_t i = 0; i < mix_.size(); ++i) {
            if (!flows.targets.has_sessions(i)) continue;
            step_max_s_ = std::min(step_max_s_, (group.wait_s + group.durations_s[i]) / 4);
        }
        step_max_s_ = std::max(step_max_s_, 1.0);
    }

    /// Between two times, in steps of at most that length.
    void advance(double from_s, double to_s, double step_s) {
        const double parts = std::ceil((to_s - from_s) / std::min(step_s, step_max_s_));
        const double part_s = (to_s - from_s) / parts;
        for (int i = 0; i < static_cast<int>(parts); ++i) take_step(from_s + i * part_s, part_s);
    }

    /// From now on counts what comes; sessions that are open are seen.
    void begin_count() { total_ = {.sessions = std::accumulate(open_.begin(), open_.end(), 0.0)}; }
    const Total& total() const { return total_; }

private:
    void take_step(double at_s, double part_s) {
        const double activity = flows_.activity.mean(at_s, at_s + part_s);
        const double stay = std::exp(-flows_.attrition_rate * part_s);
        std::vector<double> begun(mix_.size());
        for (std::size_t i = 0; i < mix_.size(); ++i) {
            const double duration_s = group_.durations_s[i];
            if (activity > 0 && flows_.targets.has_sessions(i)) {
                begun[i] =
                    mix_[i] * std::min(part_s / (group_.wait_s / activity + duration_s), 1.0);
            }
            open_[i] += begun[i];
            const double passed = -open_[i] * std::expm1(-part_s / duration_s);
            open_[i] -= passed;
            total_.sessions += begun[i];
            total_.yield.add(flows_.yields[i], passed);
            mix_[i] = (mix_[i] - begun[i]) * stay;
        }
        const std::vector<double> ended = flows_.targets.next_mix(begun);
        const double come = at_s < 0 ? 0
                                     : std::exp(flows_.growth_rate * at_s) *
                                           std::expm1(flows_.growth_rate * part_s);
        for (std::size_t i = 0; i < mix_.size(); ++i) {
            mix_[i] += ended[i] + come * flows_.newcomer[i];
        }
    }

    const Flows& flows_;
    const Group& group_;
    double step_max_s_ = static_cast<double>(kDaySeconds);
    std::vector<double> mix_;   // users by standing of the next session
    std::vector<double> open_;  // sessions, less what they have brought, by standing
    Total total_;
};

// Initial users have been there for one absence; `seconds` of what follows counts.
Total total_of(const Flows& flows, const Group& group, double seconds) {
    constexpr double kStepsMost = 2000;
    const double recent_s = std::min(group.absence_s, 7.0 * kDaySeconds);
    Life life(flows, group);
    if (group.absence_s > recent_s) life.advance(-group.absence_s, -recent_s, kDaySeconds);
    if (recent_s > 0) life.advance(-recent_s, 0, kShortStepSeconds);
    life.begin_count();
    if (seconds > 0) life.advance(0, seconds, std::max(kShortStepSeconds, seconds / kStepsMost));
    return life.total();
}

Total total_of_people(const Flows& flows, const Configuration& configuration,
                      const EstimateInput& input) {
    constexpr double kStep = 0.1;
    constexpr double kMost = 5;
    const auto gap_s = static_cast<double>(configuration.session_gap_s);
    Group group{.durations_s = durations_of(flows, input.mean_song_s, configuration.alpha)};
    Total sum;
    double weights = 0;
    for (double z = -kMost; z <= kMost; z += kStep) {
        const double weight = std::exp(-z * z / 2);
        group.absence_s = configuration.beta * std::exp(z - 0.5);
        group.wait_s = group.absence_s + gap_s;
        sum.add(total_of(flows, group, input.days * kDaySeconds), weight);
        weights += weight;
    }
    Total mean;
    mean.add(sum, 1 / weights);
    return mean;
}

Total total_of_bots(const Flows& flows, const Configuration& configuration,
                    const EstimateInput& input) {
    Group group{.absence_s = kBotAbsenceSeconds,
                .durations_s = durations_of(flows, input.mean_song_s, kBotGapSeconds)};
    double session_s = 0;
    for (std::size_t i = 0; i < flows.initial.size(); ++i) {
        session_s += flows.initial[i] * group.durations_s[i];
    }
    group.wait_s = wait_of_bots(configuration, session_s);
    return total_of(flows, group, input.days * kDaySeconds);
}

}  // namespace

Result<Estimate> estimate(const Configuration& configuration, const EstimateInput& input) {
    TRY_ASSIGN(ChainTargets targets, solve_chain(configuration));
    const Flows flows = flows_of(configuration, std::move(targets), input);
    Total total;
    total.add(total_of_people(flows, configuration, input), input.users * (1 - input.bots));
    if (input.bots > 0) {
        total.add(total_of_bots(flows, configuration, input), input.users * input.bots);
    }
    return Estimate{.users_at_end = input.users * std::exp(input.growth_rate * input.days *
                                                           kDaySeconds / kYearSeconds),
                    .sessions = total.sessions,
                    .page_views = total.yield.page_views,
                    .listens = total.yield.listens,
                    .logins = total.yield.logins,
                    .status_changes = total.yield.status_changes};
}

}  // namespace bassline::simulator
