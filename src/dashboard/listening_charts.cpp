// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <numeric>

#include "dashboard/charts.hpp"

namespace bassline::dashboard {
namespace {

struct Listens {
    std::int64_t free = 0;
    std::int64_t paid = 0;
    std::int64_t listens = 0;
    std::int64_t countable = 0;
    std::int64_t listeners = 0;
    std::int64_t listened_ms = 0;
};

Cell mean(std::int64_t sum, std::int64_t count) {
    if (count == 0) return std::monostate{};
    return static_cast<double>(sum) / static_cast<double>(count);
}

std::size_t iso_weekday_index(Date date) {
    return std::chrono::weekday(date).iso_encoding() - 1;  // Monday 0
}

struct SongTotal {
    std::int64_t plays = 0;
    std::int64_t countable = 0;
    std::int64_t listened_ms = 0;
};

}  // namespace

Table daily_listens(const Gold& gold, const DateRange& range) {
    Table table{{{"event_date", "Date", "date"},
                 {"free_listens", "Free", "plays"},
                 {"paid_listens", "Paid", "plays"},
                 {"listen_count", "Listens", "plays"},
                 {"listeners", "Listeners", "users"},
                 {"mean_listens", "Listens per listener", "plays"}},
                {}};
    std::vector<Listens> days(static_cast<std::size_t>(range.days()));
    for (const UserDay& row : rows_within(gold.user_days, range)) {
        Listens& day = days[static_cast<std::size_t>((row.date - range.from).count())];
        day.free += row.free_listens;
        day.paid += row.paid_listens;
        day.listens += row.listens;
        ++day.listeners;
    }
    for (std::size_t at = 0; at < days.size(); ++at) {
        const Listens& day = days[at];
        table.rows.push_back({format_date(range.from + std::chrono::days(at)), day.free, day.paid,
                              day.listens, day.listeners, mean(day.listens, day.listeners)});
    }
    return table;
}

// Plays equal in number stand in the order of the all-time rank, so that the whole range gives the
// gold table's order.
Table top_songs(const Gold& gold, const DateRange& range) {
    Table table{{{"rank", "Rank", "rank"},
                 {"song", "Song", "text"},
                 {"artist", "Artist", "text"},
                 {"play_count", "Plays", "plays"},
                 {"countable_streams", "Plays of 30 s and more", "plays"},
                 {"listened_seconds", "Time listened", "s"}},
                {}};
    std::vector<SongTotal> totals(gold.songs.size());
    for (const SongDay& row : rows_within(gold.song_days, range)) {
        SongTotal& total = totals[row.song];
        total.plays += row.plays;
        total.countable += row.countable;
        total.listened_ms += row.listened_ms;
    }
    std::vector<std::uint32_t> order(totals.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto top = order.begin() + static_cast<std::ptrdiff_t>(std::min(kTopSongs, order.size()));
    std::partial_sort(order.begin(), top, order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return totals[a].plays != totals[b].plays ? totals[a].plays > totals[b].plays
                                                  : gold.songs[a].rank < gold.songs[b].rank;
    });
    for (auto song = order.begin(); song != top && totals[*song].plays > 0; ++song) {
        const SongTotal& total = totals[*song];
        table.rows.push_back({static_cast<std::int64_t>(table.rows.size() + 1),
                              gold.songs[*song].title, gold.songs[*song].artist, total.plays,
                              total.countable,
                              static_cast<double>(total.listened_ms) / kMsPerSecond});
    }
    return table;
}

Table weekday_listening(const Gold& gold, const DateRange& range) {
    constexpr std::array<const char*, 7> kNames = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
    Table table{{{"weekday", "Weekday", "text"},
                 {"mean_listening_time", "Mean per listener", "s"},
                 {"median_listening_time", "Median per listener", "s"},
                 {"user_days", "User-days", "user-days"},
                 {"total_seconds", "Time listened", "s"}},
                {}};
    if (range.is_empty()) return table;
    std::array<std::vector<std::int64_t>, 7> listened_ms;
    for (const UserDay& row : rows_within(gold.user_days, range)) {
        listened_ms[iso_weekday_index(row.date)].push_back(row.listened_ms);
    }
    for (std::size_t day = 0; day < kNames.size(); ++day) {
        auto& times = listened_ms[day];
        const std::int64_t total = std::accumulate(times.begin(), times.end(), std::int64_t{0});
        std::sort(times.begin(), times.end());
        Cell mean_seconds, median_seconds;
        if (!times.empty()) {
            const std::int64_t middle = times[(times.size() - 1) / 2] + times[times.size() / 2];
            const std::int64_t median_ms = (middle + 1) / 2;  // rounded to ms, as in gold
            mean_seconds =
                static_cast<double>(total) / kMsPerSecond / static_cast<double>(times.size());
            median_seconds = static_cast<double>(median_ms) / kMsPerSecond;
        }
        table.rows.push_back({kNames[day], mean_seconds, median_seconds,
                              static_cast<std::int64_t>(times.size()),
                              static_cast<double>(total) / kMsPerSecond});
    }
    return table;
}

}  // namespace bassline::dashboard
