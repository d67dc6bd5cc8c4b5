// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "simulator/chain.hpp"

// A user in 64 bytes: what changes with every step, and who they are for life. Times are seconds
// since the simulation's origin; texts are indices into the catalogue.
namespace bassline::simulator {

using UserIndex = std::uint32_t;
/// The most users there may be.
inline constexpr std::uint64_t kUsersMax = 0xFFFF'FFFE;
/// A moment that never comes.
inline constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
inline constexpr std::uint32_t kNoSong = 0xFFFFFFFF;

/// The pending step, its time apart (Population::next), and all that later ones depend on.
struct UserState {
    float mean_gap_s;       // within a session
    float mean_absence_s;   // between sessions
    std::uint32_t draw;     // next draw of the behaviour stream
    std::uint32_t item;     // in the session, from 0
    std::uint32_t song;     // the last of the session, or kNoSong
    std::int32_t song_end;  // when it has played
    std::uint64_t session;  // id; 0 until the session's first step is written
    StateIndex state;
    std::uint8_t previous_level;  // of the step before
    bool after_login;             // this step tells how a login went
};

struct Person {
    std::int32_t registration;  // seconds since the origin
    std::uint32_t place;
    std::uint32_t last_name;
    std::uint16_t first_name;
    std::uint16_t user_agent;
    std::uint16_t phase_ms;  // milliseconds of every event of theirs
    bool is_female;
};

static_assert(sizeof(UserState) == 40 && sizeof(Person) == 20,
              "ten million users fit in 2 GiB with room: 64 bytes each, times included");

}  // namespace bassline::simulator
