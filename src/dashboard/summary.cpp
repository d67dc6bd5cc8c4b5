// SPDX-License-Identifier: Apache-2.0
#include "dashboard/summary.hpp"

#include <unordered_set>

namespace bassline::dashboard {
namespace {

// What the tiles are made of, for one day or one range.
struct Sums {
    std::int64_t plays = 0;
    std::int64_t paid_plays = 0;
    std::int64_t listened_ms = 0;
    std::int64_t listeners = 0;
    std::int64_t measured_sessions = 0;
    std::int64_t measured_ms = 0;
    std::int64_t events = 0;
    std::int64_t errors = 0;
};

Sums sums_of(const Gold& gold, const DateRange& range) {
    Sums sums;
    std::unordered_set<std::int64_t> users;
    for (const UserDay& row : rows_within(gold.user_days, range)) {
        sums.plays += row.listens;
        sums.paid_plays += row.paid_listens;
        sums.listened_ms += row.listened_ms;
        users.insert(row.user);
    }
    sums.listeners = static_cast<std::int64_t>(users.size());
    for (const SessionDay& row : rows_within(gold.session_days, range)) {
        sums.measured_sessions += row.measured_sessions;
        sums.measured_ms += row.measured_ms;
    }
    for (const StatusDay& row : rows_within(gold.status_days, range)) {
        sums.events += row.events;
        if (row.status >= 400) sums.errors += row.events;
    }
    return sums;
}

using Value = std::optional<double>;

Value ratio(std::int64_t part, std::int64_t whole, double scale = 1.0) {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / (static_cast<double>(whole) * scale);
}

struct TileKind {
    std::string_view id;
    std::string_view title;
    std::string_view unit;
    std::string_view definition;
    Value (*value)(const Sums&);
};

constexpr TileKind kTiles[] = {
    {"plays", "Plays", "plays", "Songs started by known users.",
     [](const Sums& sums) -> Value { return static_cast<double>(sums.plays); }},
    {"listeners", "Active listeners", "users", "Distinct known users with a play.",
     [](const Sums& sums) -> Value { return static_cast<double>(sums.listeners); }},
    {"listened_hours", "Hours listened", "h", "Time really listened, not the length of the songs.",
     [](const Sums& sums) -> Value { return static_cast<double>(sums.listened_ms) / 3'600'000.0; }},
    {"mean_session", "Mean session", "s",
     "Mean length of the sessions begun, of those up to 12 hours.",
     [](const Sums& sums) { return ratio(sums.measured_ms, sums.measured_sessions, 1000.0); }},
    {"paid_share", "Paid share", "share", "Plays by users at level paid, of all plays.",
     [](const Sums& sums) { return ratio(sums.paid_plays, sums.plays); }},
    {"error_ratio", "Error ratio", "share", "Page views answered with 4xx or 5xx, of all.",
     [](const Sums& sums) { return ratio(sums.errors, sums.events); }},
};

}  // namespace

DateRange compared_days(const Gold& gold, const DateRange& range) {
    DateRange whole = range;
    if (!range.is_empty() && incomplete_day(gold) == range.last) whole.last -= std::chrono::days(1);
    return whole;
}

std::vector<Tile> summarise(const Gold& gold, const DateRange& range) {
    std::vector<Sums> days;
    for (Date day = range.from; day <= range.last; day += std::chrono::days(1)) {
        days.push_back(sums_of(gold, {day, day}));
    }
    const Sums now = sums_of(gold, range);
    const DateRange compared = compared_days(gold, range);
    const DateRange period = period_before(compared);
    const bool reaches_back = !compared.is_empty() && gold.dates().from <= period.from;
    const Sums whole_days = sums_of(gold, compared);
    const Sums before = reaches_back ? sums_of(gold, period) : Sums{};
    std::vector<Tile> tiles;
    for (const TileKind& kind : kTiles) {
        Tile tile{kind.id, kind.title, kind.unit, kind.definition, kind.value(now), {}, {}, {}};
        if (range.is_empty()) tile.value.reset();
        if (!compared.is_empty()) tile.compared = kind.value(whole_days);
        if (reaches_back) tile.previous = kind.value(before);
        for (const Sums& day : days) tile.by_day.push_back(kind.value(day));
        tiles.push_back(std::move(tile));
    }
    return tiles;
}

}  // namespace bassline::dashboard
