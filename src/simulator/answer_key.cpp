// SPDX-License-Identifier: Apache-2.0
#include "simulator/answer_key.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"

namespace bassline::simulator {
namespace {

using nlohmann::json;

// {"listen_events": {"2025-09-01": n, ...}, ...}
json by_topic_and_date(const DailyCounts& counts) {
    json topics = json::object();
    for (const auto& [key, count] : counts) {
        topics[std::string(event::to_string(key.first))][key.second] = count;
    }
    return topics;
}

json quarantine_json(const FaultCounts& counts) {
    json topics = json::object();
    for (const auto& [key, count] : counts.quarantined) {
        topics[std::string(event::to_string(key.first))][key.second] = count;
    }
    return topics;
}

Date date_of(std::int64_t epoch_day) {
    return Date(std::chrono::days(epoch_day));
}

json weekdays_json(const ExpectedTotals& totals) {
    struct Weekday {
        std::uint64_t user_days = 0;
        std::int64_t heard_ms = 0;
    };
    std::map<unsigned, Weekday> weekdays;
    for (const auto& [key, total] : totals.plays_by_user_and_day) {
        Weekday& weekday = weekdays[std::chrono::weekday(date_of(key.second)).iso_encoding()];
        ++weekday.user_days;
        weekday.heard_ms += total.heard_ms;
    }
    json rows = json::object();
    for (const auto& [number, weekday] : weekdays) {
        rows[std::to_string(number)] = {{"user_days", weekday.user_days},
                                        {"heard_ms", weekday.heard_ms}};
    }
    return rows;
}

json gold_json(const ExpectedTotals& totals) {
    json users = json::array();
    for (const auto& [key, total] : totals.plays_by_user_and_day) {
        users.push_back({key.first, format_date(date_of(key.second)), total.plays, total.heard_ms});
    }
    json songs = json::array();
    for (const auto& [key, plays] : totals.plays_by_song) {
        const auto& [artist, title, duration_ms] = key;
        songs.push_back({artist, title, duration_ms, plays});
    }
    json levels = json::object();
    for (const auto& [level, total] : totals.levels) {
        levels[level] = {{"plays", total.plays},
                         {"sessions", total.sessions},
                         {"measured_sessions", total.measured_sessions},
                         {"session_ms", total.session_ms}};
    }
    json logins = json::array();
    for (const auto& [user, count] : totals.logins_by_user) {
        logins.push_back({user, count.free, count.paid});
    }
    return {{"plays_by_user_and_day", std::move(users)},
            {"plays_by_song", std::move(songs)},
            {"weekdays", weekdays_json(totals)},
            {"levels", std::move(levels)},
            {"logins_by_user", std::move(logins)}};
}

}  // namespace

json answer_key(const FaultCounts& counts, const ExpectedTotals* totals) {
    json faults = json::object();
    for (const auto& [fault, by_day] : counts.faults) faults[fault] = by_topic_and_date(by_day);
    json key{{"bronze", by_topic_and_date(counts.written)},
             {"quarantine", quarantine_json(counts)},
             {"faults", std::move(faults)},
             {"malformed", counts.damages}};
    if (totals != nullptr) key["gold"] = gold_json(*totals);
    return key;
}

Result<void> write_answer_key(const std::string& file, const json& key) {
    const std::string temporary = file + ".partial";
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << key.dump() << '\n';
    out.close();
    if (!out) return error(ErrorKind::io, "cannot write {}: {}", temporary, std::strerror(errno));
    std::error_code code;
    std::filesystem::rename(temporary, file, code);
    if (code) return error(ErrorKind::io, "cannot name {}: {}", file, code.message());
    return {};
}

}  // namespace bassline::simulator
