// SPDX-License-Identifier: Apache-2.0
#include "simulator/accountant.hpp"

#include <algorithm>
#include <cmath>

#include "event/text.hpp"
#include "simulator/json_text.hpp"

namespace bassline::simulator {
namespace {

// As dbt_project.yml has them.
constexpr std::int64_t kSilenceMs = 21'600'000;   // splits a session
constexpr std::int64_t kOverlongMs = 43'200'000;  // not measured
constexpr std::int64_t kDayMs = 86'400'000;

// As the duration is written, then rounded half up.
std::int64_t milliseconds_of(float seconds) {
    return static_cast<std::int64_t>(std::floor(std::stod(java_number(seconds)) * 1000 + 0.5));
}

}  // namespace

Accountant::Accountant(const Model& model, const OutputOptions& output, std::size_t workers)
    : model_(model),
      output_(output),
      odd_(model.options.seed, model.options.faults),
      runs_(workers) {
    for (const PageState& state : model.chain.states()) {
        ends_play_.push_back(state.page == "NextSong" || state.page == "Logout" ||
                             state.page == "Cancel");
    }
    for (const Song& song : model.catalogue.songs()) {
        song_ms_.push_back(milliseconds_of(song.duration_s));
    }
    song_plays_.resize(song_ms_.size());
}

void Accountant::prepare(std::size_t worker, const StepRun& run) {
    runs_[worker].emplace(run);
}

Result<void> Accountant::commit(std::size_t worker) {
    const StepRun& run = *runs_[worker];
    if (sessions_.size() < run.users.size()) sessions_.resize(run.users.size());
    for (const Step& step : run.steps) {
        take(step, run.sessions[step.session], run.begin_ms + step.at_ms + odd_.skew_ms(step.user));
    }
    return {};
}

void Accountant::take(const Step& step, std::uint64_t id, std::int64_t ts_ms) {
    const StateTraits& traits = model_.chain.traits(step.state);
    Session& session = sessions_[step.user];
    if (session.id != 0 && (session.id != id || ts_ms - session.silent_ms > kSilenceMs)) {
        close(step.user);
    }
    if (session.id == 0) {
        session = {.id = id, .began_ms = ts_ms, .ended_ms = ts_ms, .began_level = traits.level};
    } else if (session.last_was_login && step.item == session.last_item + 1 &&
               traits.is_logged_in) {
        Logins& logins = totals_.logins_by_user[user_id(step.user)];
        ++(model_.chain.levels()[traits.level] == "paid" ? logins.paid : logins.free);
    }
    if (ends_play_[step.state]) settle(step.user, session, ts_ms);
    session.ended_ms = std::max(session.ended_ms, ts_ms);
    session.silent_ms = ts_ms;
    session.last_item = step.item;
    session.last_was_login = traits.is_login;
    if (traits.is_song) {
        session.play = Play{ts_ms, song_ms_[step.song], step.song, traits.level};
        session.silent_ms += session.play->duration_ms;
    }
}

// A song is heard until the next one, a logout or a cancellation, at most to its end.
void Accountant::settle(UserIndex user, Session& session, std::optional<std::int64_t> next_ms) {
    if (!session.play) return;
    const Play& play = *session.play;
    const std::int64_t heard =
        next_ms ? std::min(play.duration_ms, *next_ms - play.ts_ms) : play.duration_ms;
    PlayTotal& day = totals_.plays_by_user_and_day[{user_id(user), play.ts_ms / kDayMs}];
    ++day.plays;
    day.heard_ms += heard;
    ++song_plays_[play.song];
    ++totals_.levels[model_.chain.levels()[play.level]].plays;
    session.ended_ms = std::max(session.ended_ms, play.ts_ms + heard);
    session.play.reset();
}

void Accountant::close(UserIndex user) {
    Session& session = sessions_[user];
    settle(user, session, std::nullopt);
    LevelTotal& level = totals_.levels[model_.chain.levels()[session.began_level]];
    ++level.sessions;
    const std::int64_t length = session.ended_ms - session.began_ms;
    if (length <= kOverlongMs) {
        ++level.measured_sessions;
        level.session_ms += length;
    }
    session.id = 0;
}

const ExpectedTotals& Accountant::finish() {
    for (UserIndex user = 0; user < sessions_.size(); ++user) {
        if (sessions_[user].id != 0) close(user);
    }
    for (std::size_t song = 0; song < song_plays_.size(); ++song) {
        if (song_plays_[song] == 0) continue;
        const Song& entry = model_.catalogue.songs()[song];
        totals_.plays_by_song[{event::repair_utf8(entry.artist), event::repair_utf8(entry.title),
                               song_ms_[song]}] += song_plays_[song];
    }
    return totals_;
}

}  // namespace bassline::simulator
