// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <map>
#include <unordered_set>

#include "dashboard/charts.hpp"

namespace bassline::dashboard {
namespace {

constexpr double kMsPerHour = 3'600'000.0;

Cell share(std::int64_t part, std::int64_t whole) {
    if (whole == 0) return std::monostate{};
    return static_cast<double>(part) / static_cast<double>(whole);
}

struct LevelTotal {
    std::int64_t plays = 0;
    std::int64_t countable = 0;
    std::int64_t listened_ms = 0;
    std::int64_t sessions = 0;
    std::unordered_set<std::int64_t> listeners;
};

std::array<LevelTotal, 2> totals_by_level(const Gold& gold, const DateRange& range) {
    std::array<LevelTotal, 2> totals;
    for (const LevelDay& row : rows_within(gold.level_days, range)) {
        LevelTotal& total = totals[static_cast<std::size_t>(row.level)];
        total.plays += row.plays;
        total.countable += row.countable;
        total.listened_ms += row.listened_ms;
        total.sessions += row.sessions;
    }
    for (const UserDay& row : rows_within(gold.user_days, range)) {
        if (row.free_listens > 0) totals[0].listeners.insert(row.user);
        if (row.paid_listens > 0) totals[1].listeners.insert(row.user);
    }
    return totals;
}

}  // namespace

Table daily_active_users(const Gold& gold, const DateRange& range) {
    Table table{{{"event_date", "Date", "date"},
                 {"dau", "Day", "users"},
                 {"wau", "7 days", "users"},
                 {"mau", "30 days", "users"}},
                {}};
    for (const ActiveDay& day : rows_within(gold.active_days, range)) {
        table.rows.push_back({format_date(day.date), day.dau, day.wau, day.mau});
    }
    return table;
}

Table session_lengths(const Gold& gold, const DateRange& range) {
    Table table{{{"bucket", "Length", "text"},
                 {"session_count", "Sessions", "sessions"},
                 {"share", "Share", "share"},
                 {"mean_seconds", "Mean length", "s"}},
                {}};
    std::vector<SessionDay> buckets(gold.session_buckets.size());
    std::int64_t all = 0;
    for (const SessionDay& row : rows_within(gold.session_days, range)) {
        SessionDay& bucket = buckets[row.bucket];
        bucket.sessions += row.sessions;
        bucket.measured_sessions += row.measured_sessions;
        bucket.measured_ms += row.measured_ms;
        all += row.sessions;
    }
    if (all == 0) return table;
    for (std::size_t at = 0; at < buckets.size(); ++at) {
        const SessionDay& bucket = buckets[at];
        Cell mean;
        if (bucket.measured_sessions > 0) {
            mean = static_cast<double>(bucket.measured_ms) / kMsPerSecond /
                   static_cast<double>(bucket.measured_sessions);
        }
        table.rows.push_back(
            {gold.session_buckets[at], bucket.sessions, share(bucket.sessions, all), mean});
    }
    return table;
}

Table free_against_paid(const Gold& gold, const DateRange& range) {
    Table table{{{"level", "Level", "text"},
                 {"listener_count", "Listeners", "users"},
                 {"plays", "Plays", "plays"},
                 {"countable_streams", "Plays of 30 s and more", "plays"},
                 {"listened_hours", "Hours listened", "h"},
                 {"sessions", "Sessions", "sessions"},
                 {"plays_per_listener", "Plays per listener", "plays"},
                 {"hours_per_listener", "Hours per listener", "h"}},
                {}};
    if (range.is_empty()) return table;
    const auto totals = totals_by_level(gold, range);
    for (const Level level : {Level::free, Level::paid}) {
        const LevelTotal& total = totals[static_cast<std::size_t>(level)];
        const auto listeners = static_cast<std::int64_t>(total.listeners.size());
        const double hours = static_cast<double>(total.listened_ms) / kMsPerHour;
        Cell hours_each;
        if (listeners > 0) hours_each = hours / static_cast<double>(listeners);
        table.rows.push_back({level == Level::free ? "free" : "paid", listeners, total.plays,
                              total.countable, hours, total.sessions, share(total.plays, listeners),
                              hours_each});
    }
    return table;
}

Table status_codes(const Gold& gold, const DateRange& range) {
    Table table{{{"status", "Status", "status"},
                 {"event_count", "Events", "events"},
                 {"share_of_events", "Share", "share"}},
                {}};
    std::map<int, std::int64_t> counts;
    std::int64_t all = 0;
    for (const StatusDay& row : rows_within(gold.status_days, range)) {
        counts[row.status] += row.events;
        all += row.events;
    }
    for (const auto& [status, events] : counts) {
        table.rows.push_back({std::int64_t{status}, events, share(events, all)});
    }
    return table;
}

}  // namespace bassline::dashboard
