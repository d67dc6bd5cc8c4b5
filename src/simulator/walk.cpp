// SPDX-License-Identifier: Apache-2.0
#include "simulator/walk.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/units.hpp"

namespace bassline::simulator {

std::int32_t Walk::relative(std::int64_t epoch_s) const {
    return static_cast<std::int32_t>(std::min<std::int64_t>(epoch_s - origin_s_, kNever));
}

void Walk::begin(std::uint16_t standing, std::int64_t since, std::int64_t earliest) {
    const double mean = state_.mean_absence_s;
    const std::int64_t from = since - 2 * static_cast<std::int64_t>(mean);
    open_session(standing, model_.times.first_start(from, earliest, mean, random_));
}

void Walk::open_session(std::uint16_t standing, std::int64_t start_s) {
    const StateIndex first = model_.chain.first(standing, random_.next().u);
    if (first == kEnd || start_s - origin_s_ >= kNever) {
        next_ = kNever;
        return;
    }
    next_ = relative(start_s);
    state_.item = 0;
    state_.session = 0;
    state_.song = kNoSong;
    state_.state = first;
    state_.after_login = false;
    state_.previous_level = model_.chain.traits(first).level;
    if (model_.chain.traits(first).is_song) {
        const Uniforms draw = random_.next();
        play(model_.catalogue.draw_song(draw.u, draw.v));
    }
}

void Walk::play(std::uint32_t song) {
    state_.song = song;
    state_.song_end = relative(origin_s_ + next_ + model_.song_seconds[song]);
}

// Whole seconds, geometric: the memoryless gap cut to seconds.
std::int64_t Walk::whole_gap(double uniform) const {
    return static_cast<std::int64_t>(exponential(state_.mean_gap_s, uniform));
}

void Walk::take_step() {
    const Uniforms draw = random_.next();
    const StateIndex target = model_.chain.next(state_.state, draw.u);
    if (target == kEnd) {
        end_session();
        return;
    }
    const StateTraits& from = model_.chain.traits(state_.state);
    const StateTraits& to = model_.chain.traits(target);
    const bool song_plays = state_.song != kNoSong && next_ < state_.song_end;
    if (to.is_redirect) {
        next_ = relative(origin_s_ + next_ + 1);
    } else if (to.is_song && song_plays) {
        next_ = state_.song_end;
    } else {
        next_ = relative(origin_s_ + next_ + whole_gap(draw.v));
    }
    if (to.is_song) {
        const Uniforms song = random_.next();
        const bool is_similar = state_.song != kNoSong && !model_.options.compat;
        play(is_similar ? model_.catalogue.draw_similar_song(state_.song, song.u, song.v)
                        : model_.catalogue.draw_song(song.u, song.v));
    }
    // The original forgets to move on at redirects, and takes the page before them for the last.
    if (!to.is_redirect || !model_.options.compat) state_.after_login = from.is_login;
    state_.previous_level = from.level;
    state_.state = target;
    ++state_.item;
}

void Walk::end_session() {
    const StateTraits& last = model_.chain.traits(state_.state);
    if (last.is_churned) {
        next_ = kNever;
        return;
    }
    const std::int64_t start =
        model_.times.next_start(origin_s_ + next_, state_.mean_absence_s, random_);
    if (leaves_before(start)) {
        next_ = kNever;
        return;
    }
    open_session(last.standing, start);
}

// Attrition is a hazard of constant rate over time, whatever a user's habits. The original's
// probability is far above 1.
bool Walk::leaves_before(std::int64_t start_s) {
    const double rate = model_.options.attrition_rate;
    if (rate <= 0) return false;
    if (model_.options.compat) return true;
    const double years = static_cast<double>(start_s - origin_s_ - next_) / kYearSeconds;
    return random_.next().u < -std::expm1(-rate * years);
}

}  // namespace bassline::simulator
