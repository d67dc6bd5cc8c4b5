// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event/reason.hpp"
#include "event/schema.hpp"
#include "simulator/random_stream.hpp"

// Records damaged in all ways that a reader must refuse, and what it should say of each. Pure.
namespace bassline::simulator {

enum class Damage : std::uint8_t {
    truncated,
    invalid_utf8,
    lone_surrogate,
    nul_byte,
    repeated_key,
    not_a_number,
    integer_overflow,
    text_for_number,
    missing_field,
    far_future,
    year_zero,
    unknown_level,
    endless_song,  // listens only
    deep_nesting,
    oversize,  // over a mebibyte, and rare
};
inline constexpr std::size_t kDamageCount = static_cast<std::size_t>(Damage::oversize) + 1;

std::string_view to_string(Damage damage);

/// The reason of the refusal.
event::Reason reason_of(Damage damage);

/// The topic that the refusal counts under: a line that cannot be read is a page view.
event::Topic counted_under(Damage damage, event::Topic topic);

/// A damage for a record of that topic.
Damage draw_damage(event::Topic topic, Uniforms draw);

/// The line, without a line feed, damaged. The line must be as EventWriter writes it.
std::string damaged(std::string_view line, Damage damage);

}  // namespace bassline::simulator
