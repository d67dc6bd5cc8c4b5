// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/user.hpp"

// A step of a user, as the simulation hands it to what writes it.
namespace bassline::simulator {

struct Step {
    std::uint32_t at_ms;  // since the slice began
    UserIndex user;
    std::uint32_t item;     // in the session
    std::uint32_t song;     // index, meaningful where the state is a song
    std::uint32_t session;  // slot of the slice: its id is known once the slice is in order
    std::uint32_t draw;     // with the user, the step's identity
    StateIndex state;
    std::uint8_t previous_level;
    bool starts_session : 1;
    bool after_login : 1;
};
static_assert(sizeof(Step) == 28);

}  // namespace bassline::simulator
