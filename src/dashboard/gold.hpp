// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "dashboard/date_range.hpp"

// The tables of one snapshot that the charts need, in memory, sorted by date. Immutable once
// loaded; shared by threads. Durations are integer milliseconds, so that sums are exact in any
// order.
namespace bassline::dashboard {

enum class Level { free, paid };

/// daily_user_listen_counts: one user on one day with a play.
struct UserDay {
    Date date{};
    std::int64_t user = 0;  // any number, the same on every day
    std::int64_t listens = 0;
    std::int64_t countable = 0;  // plays of 30 s and more
    std::int64_t free_listens = 0;
    std::int64_t paid_listens = 0;
    std::int64_t listened_ms = 0;
};

/// int_song_days; `song` is an index into Gold::songs.
struct SongDay {
    Date date{};
    std::uint32_t song = 0;
    std::int64_t plays = 0;
    std::int64_t countable = 0;
    std::int64_t listened_ms = 0;
};

/// top_songs_by_play_count.
struct Song {
    std::string title;
    std::string artist;
    std::int64_t rank = 0;  // from 1; 0: no song of this snapshot
};

/// active_users_daily, all levels together.
struct ActiveDay {
    Date date{};
    std::int64_t dau = 0;
    std::int64_t wau = 0;
    std::int64_t mau = 0;
};

/// free_vs_paid_daily.
struct LevelDay {
    Date date{};
    Level level = Level::free;
    std::int64_t plays = 0;
    std::int64_t countable = 0;
    std::int64_t listened_ms = 0;
    std::int64_t sessions = 0;
};

/// session_lengths_daily; `bucket` is an index into Gold::session_buckets. Means are of the
/// measured sessions, which overlong ones are not.
struct SessionDay {
    Date date{};
    std::size_t bucket = 0;
    std::int64_t sessions = 0;
    std::int64_t measured_sessions = 0;
    std::int64_t measured_ms = 0;
};

/// event_status_daily, pages and methods together.
struct StatusDay {
    Date date{};
    int status = 0;
    std::int64_t events = 0;
};

struct Gold {
    std::uint64_t snapshot = 0;
    std::string run;
    Timestamp built_at{};
    Timestamp watermark{};  // greatest event time

    std::vector<UserDay> user_days;
    std::vector<SongDay> song_days;
    std::vector<Song> songs;
    std::vector<ActiveDay> active_days;
    std::vector<LevelDay> level_days;
    std::vector<SessionDay> session_days;
    std::vector<std::string> session_buckets;  // shortest first
    std::vector<StatusDay> status_days;

    /// First to last day with any row; empty if there is none.
    DateRange dates() const;
};

/// The day that the data does not reach to the end of, if any: the watermark's, unless the
/// watermark lies in the day's last five minutes (a log of whole days seldom ends on its last
/// second).
std::optional<Date> incomplete_day(const Gold& gold);

}  // namespace bassline::dashboard
