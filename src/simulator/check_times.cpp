// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <unordered_map>

#include "simulator/analytic_hours.hpp"
#include "simulator/analytic_times.hpp"
#include "simulator/check_figures.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

using Counts = std::vector<double>;

// Gaps within sessions, by what makes them.
struct Gaps {
    std::uint64_t redirects = 0;
    std::uint64_t redirects_off = 0;
    std::uint64_t songs = 0;
    std::uint64_t songs_off = 0;
    std::unordered_map<std::uint64_t, Sample> memoryless_s;  // by user
};

void add_gaps(const EventLog& log, const LoggedSession& session, Gaps& gaps) {
    std::int64_t song_end_ms = 0;  // of the last song that began; 0: none did
    for (std::size_t i = 0; i < session.steps.size(); ++i) {
        const LoggedStep& step = session.steps[i];
        const PageState& state = log.states[step.state];
        const bool is_song = step.song_s >= 0;
        if (i > 0) {
            const std::int64_t before_ms = session.steps[i - 1].ts_ms;
            const std::int64_t gap_ms = step.ts_ms - before_ms;
            if (state.status >= 300 && state.status < 399) {
                ++gaps.redirects;
                gaps.redirects_off += gap_ms != 1000 ? 1 : 0;
            } else if (is_song && before_ms < song_end_ms) {
                ++gaps.songs;
                gaps.songs_off += step.ts_ms != song_end_ms ? 1 : 0;
            } else if (session.user != LoggedStep::kNoUser && (!is_song || song_end_ms == 0)) {
                // Songs after a song count for none: only after long gaps they do not wait for it,
                // so that of users with few gaps those with long ones would count less.
                gaps.memoryless_s[session.user].add(static_cast<double>(gap_ms) / 1000);
            }
        }
        if (is_song) song_end_ms = step.ts_ms + static_cast<std::int64_t>(step.song_s) * 1000;
    }
}

// Session starts by hour since the first day's midnight, for each user.
struct Starts {
    std::int64_t first_day = 0;
    std::int64_t hours = 0;
    Counts by_hour;
    std::vector<std::pair<std::uint64_t, std::int64_t>> of_users;  // user, hour
};

Starts starts_of(const CheckInput& input) {
    Starts starts;
    starts.first_day = input.log.first_ms / kDayMs;
    starts.hours = 24 * (input.log.last_ms / kDayMs - starts.first_day + 1);
    starts.by_hour.resize(static_cast<std::size_t>(starts.hours));
    for (const LoggedSession& session : input.sessions) {
        if (!session.begins) continue;
        const std::int64_t hour = session.steps.front().ts_ms / kHourMs - 24 * starts.first_day;
        ++starts.by_hour[static_cast<std::size_t>(hour)];
        starts.of_users.emplace_back(session.user, hour);
    }
    return starts;
}

// How much more the counts of cells vary between users than if every start were independent: the
// mean over cells of (sum over users of (own count - own expectation)^2) / (binomial variance).
template <class CellOf>
double overdispersion(const Starts& starts, const Counts& shares, CellOf cell_of) {
    std::unordered_map<std::uint64_t, Counts> users;
    for (const auto& [user, hour] : starts.of_users) {
        if (user == LoggedStep::kNoUser) continue;
        Counts& own = users.try_emplace(user, Counts(shares.size())).first->second;
        ++own[cell_of(hour)];
    }
    Counts squares(shares.size());
    double total = 0;
    for (const auto& [user, own] : users) {
        double of_user = 0;
        for (const double count : own) of_user += count;
        total += of_user;
        for (std::size_t i = 0; i < own.size(); ++i) {
            const double off = own[i] - of_user * shares[i];
            squares[i] += off * off;
        }
    }
    double ratio = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        ratio += squares[i] / (total * shares[i] * (1 - shares[i]));
    }
    return total > 0 ? std::max(1.0, ratio / static_cast<double>(shares.size())) : 1;
}

// How long complete sessions take, by the standing they begin in.
std::vector<SessionDuration> durations_of(const CheckInput& input) {
    std::vector<Sample> seconds(input.targets.standings.size() + 1);
    double sessions = 0;
    for (const LoggedSession& session : input.sessions) {
        if (!session.is_complete) continue;
        const std::int64_t ms = session.steps.back().ts_ms - session.steps.front().ts_ms;
        seconds[session.standing].add(static_cast<double>(ms) / 1000);
        ++sessions;
    }
    std::vector<SessionDuration> durations;
    for (const Sample& sample : seconds) {
        if (sample.count() == 0) continue;
        durations.push_back(
            {.share = static_cast<double>(sample.count()) / sessions, .mean_s = sample.mean()});
    }
    return durations;
}

// The first and the last day are cut, so they stay out.
template <class CellOf>
CheckFigure start_figure(std::string name, const Starts& starts, const Counts& expected_by_hour,
                         std::size_t cells, CellOf cell_of) {
    Counts found(cells);
    Counts shares(cells);
    double total = 0;
    double expected_total = 0;
    for (std::int64_t hour = 24; hour < starts.hours - 24; ++hour) {
        const auto at = static_cast<std::size_t>(hour);
        found[cell_of(hour)] += starts.by_hour[at];
        shares[cell_of(hour)] += expected_by_hour[at];
        total += starts.by_hour[at];
        expected_total += expected_by_hour[at];
    }
    Counts expected;
    for (double& share : shares) {
        share /= expected_total;
        expected.push_back(share * total);
    }
    ChiSquared test;
    test.add_table(found, expected);
    return frequency_figure(
        std::move(name), test,
        {.overdispersion = overdispersion(starts, shares, cell_of), .close_enough = kNearly});
}

}  // namespace

void check_gaps(const CheckInput& input, CheckFigures& figures) {
    Gaps gaps;
    for (const LoggedSession& session : input.sessions) {
        if (session.begins) add_gaps(input.log, session, gaps);
    }
    figures.push_back(exact_figure("redirects that do not take one second", gaps.redirects,
                                   static_cast<double>(gaps.redirects_off), 0));
    figures.push_back(exact_figure("songs that do not begin when the one before ends", gaps.songs,
                                   static_cast<double>(gaps.songs_off), 0));
    Sample users;
    for (const auto& [user, own] : gaps.memoryless_s) users.add(own.mean());
    const double alpha = input.configuration.alpha;
    const double expected =
        mean_over_users([alpha](double x) { return mean_whole_gap(alpha * x); });
    // Users differ with a standard deviation of sqrt(e - 1); few of them make a sample look calmer.
    const double least_error =
        alpha * std::sqrt(std::exp(1) - 1) /
        std::sqrt(static_cast<double>(std::max<std::uint64_t>(users.count(), 1)));
    figures.push_back(mean_figure("seconds of a gap in the mean over users", users.count(),
                                  users.mean(), expected,
                                  {.standard_error = std::max(least_error, users.standard_error()),
                                   .close_enough = kNearly}));
}

void check_starts(const CheckInput& input, CheckFigures& figures) {
    const Starts starts = starts_of(input);
    constexpr std::int64_t kLeastHours = std::int64_t{24} * (7 + 2);
    if (starts.hours < kLeastHours) return;
    const Date first{std::chrono::days{starts.first_day}};
    const auto of_day =
        settled_start_shares(input.configuration, durations_of(input),
                             dropped_share(input.configuration, input.options.compat));
    const auto expected = start_shares_by_hour(
        of_day, weekend_damping_of(input.configuration, input.options.compat),
        {.rate = input.options.growth_rate}, first, first + std::chrono::days{starts.hours / 24});
    figures.push_back(
        start_figure("session starts by hour of the day", starts, expected, 24,
                     [](std::int64_t hour) { return static_cast<std::size_t>(hour % 24); }));
    const std::int64_t first_weekday = std::chrono::weekday{first}.iso_encoding() - 1;
    figures.push_back(start_figure("session starts by day of the week", starts, expected, 7,
                                   [first_weekday](std::int64_t hour) {
                                       return static_cast<std::size_t>((first_weekday + hour / 24) %
                                                                       7);
                                   }));
}

}  // namespace bassline::simulator
