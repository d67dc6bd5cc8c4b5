// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/file_system.hpp"

// What is in a lake, in the few numbers a newcomer wants to see first.
namespace bassline::pipeline {

struct SongPlays {
    std::string song;
    std::string artist;
    std::int64_t plays = 0;
};

struct WeekdayListening {
    std::string weekday;
    std::int64_t user_days = 0;
    std::optional<double>
        mean_seconds;  // a listener's mean; none without a listener on that weekday
};

struct LakeSummary {
    std::uint64_t snapshot = 0;
    std::map<std::string, std::uint64_t> bronze;  // rows by topic
    std::uint64_t quarantined = 0;
    std::map<std::string, std::uint64_t> silver;  // rows by table
    std::map<std::string, std::uint64_t> gold;
    std::vector<SongPlays> top_songs;        // five, most plays first
    std::vector<WeekdayListening> weekdays;  // Monday first
};

/// Reads the chains and the newest snapshot. Errors: `not_found` in a lake that was never built;
/// those of a query.
Result<LakeSummary> summarize(const storage::FileSystem& files, const std::stop_token& stop);

}  // namespace bassline::pipeline
