// SPDX-License-Identifier: Apache-2.0
#include "dashboard/charts.hpp"

#include <array>

namespace bassline::dashboard {
namespace {

constexpr std::array<Chart, 7> kCharts = {{
    {"daily_user_listen_counts", "Daily listens", "plays",
     "Songs started by known users on each UTC day, split by the user's level at that moment.",
     "daily_user_listen_counts", daily_listens},
    {"top_songs", "Top songs", "plays",
     "Recordings by number of plays started, in the range. Same title by another artist is another "
     "recording.",
     "top_songs_by_play_count", top_songs},
    {"weekday_listening", "Mean listening time by weekday", "minutes",
     "Time really listened per listener and day, averaged over the user-days of each weekday "
     "(UTC). "
     "A user-day counts if it has a play.",
     "weekday_mean_listening_time", weekday_listening},
    {"daily_active_users", "Active users", "users",
     "Distinct known users active on the day, in the 7 days and in the 30 days that end with it. "
     "The lines overlap and must not be added.",
     "active_users_daily", daily_active_users},
    {"session_lengths", "Session lengths", "sessions",
     "Sessions by length, from the first step to the end of the last step or song, on the day "
     "they began. The mean is of those up to 12 hours.",
     "session_lengths_daily", session_lengths},
    {"free_vs_paid", "Free against paid", "per level",
     "What users did at each level, by the level of the moment. A listener who changed level in "
     "the "
     "range counts at both; listeners are distinct users with a play.",
     "free_vs_paid_users_comparison", free_against_paid},
    {"status_codes", "Status codes", "events",
     "Page views by the HTTP status they were answered with; 4xx and 5xx are errors.",
     "event_status_grouping", status_codes},
}};

}  // namespace

std::span<const Chart> charts() {
    return kCharts;
}

const Chart* find_chart(std::string_view id) {
    for (const Chart& chart : kCharts) {
        if (chart.id == id) return &chart;
    }
    return nullptr;
}

}  // namespace bassline::dashboard
