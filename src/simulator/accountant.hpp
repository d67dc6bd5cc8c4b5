// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "simulator/event_texts.hpp"
#include "simulator/faults.hpp"
#include "simulator/simulation.hpp"

// What the reports must say of a simulation: totals taken from its own steps, by the definitions of
// the gold models (dbt/models/gold). Late, repeated and misplaced records do not change them.
namespace bassline::simulator {

struct PlayTotal {
    std::uint64_t plays = 0;
    std::int64_t heard_ms = 0;
};

struct LevelTotal {
    std::uint64_t plays = 0;
    std::uint64_t sessions = 0;           // that began on this level, visitors' included
    std::uint64_t measured_sessions = 0;  // not longer than twelve hours
    std::int64_t session_ms = 0;          // of those
};

struct Logins {
    std::uint64_t free = 0;
    std::uint64_t paid = 0;
};

struct ExpectedTotals {
    using SongKey = std::tuple<std::string, std::string, std::int64_t>;  // artist, title, ms

    std::map<std::pair<std::uint64_t, std::int64_t>, PlayTotal> plays_by_user_and_day;  // epoch day
    std::map<SongKey, std::uint64_t> plays_by_song;
    std::map<std::string, LevelTotal> levels;
    std::map<std::uint64_t, Logins> logins_by_user;  // successful ones
};

/// Sees every step before it is written; one thread at a time counts.
class Accountant : public StepConsumer {
public:
    /// The model outlives it.
    Accountant(const Model& model, const OutputOptions& output, std::size_t workers);

    void prepare(std::size_t worker, const StepRun& run) override;
    Result<void> commit(std::size_t worker) override;

    /// Closes what is open; no step may follow.
    const ExpectedTotals& finish();

private:
    struct Play {
        std::int64_t ts_ms;
        std::int64_t duration_ms;
        std::uint32_t song;
        std::uint8_t level;
    };
    struct Session {           // the last one of a user
        std::uint64_t id = 0;  // 0: none
        std::int64_t began_ms = 0;
        std::int64_t ended_ms = 0;   // the last step, or the end of what was heard
        std::int64_t silent_ms = 0;  // since when nothing happens: the end of the last step's song
        std::uint32_t last_item = 0;
        bool last_was_login = false;
        std::uint8_t began_level = 0;
        std::optional<Play> play;
    };

    void take(const Step& step, std::uint64_t session, std::int64_t ts_ms);
    void settle(UserIndex user, Session& session, std::optional<std::int64_t> next_ms);
    void close(UserIndex user);
    std::uint64_t user_id(UserIndex user) const { return output_.first_user_id + user; }

    const Model& model_;
    OutputOptions output_;
    OddUsers odd_;
    std::vector<std::optional<StepRun>> runs_;  // by worker
    std::vector<bool> ends_play_;               // by state
    std::vector<std::int64_t> song_ms_;
    std::vector<Session> sessions_;  // by user
    std::vector<std::uint64_t> song_plays_;
    ExpectedTotals totals_;
};

}  // namespace bassline::simulator
