// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "event/reason.hpp"
#include "event/schema.hpp"
#include "simulator/random_stream.hpp"

// Records damaged in all ways that their text can show, and what a reader must make of each: refuse
// it for a reason, or take it as it is, odd but right. Pure.
namespace bassline::simulator {

/// What is done to the line. The text and number of the damage say the rest.
enum class Edit : std::uint8_t {
    cut,       // ends before its sessionId
    in_level,  // the text within the level
    in_city,
    level,  // the text as the value
    session_id,
    item_in_session,
    registration,  // visitors have one then, too
    lat,
    duration,  // listens only
    ts,
    ts_end,     // the text behind the last digit of ts
    ts_second,  // ts without its last three digits
    days_ago,   // ts earlier by so many days
    front,      // the text before the line
    back,
    field,    // the text as one more field
    array,    // the record as the only item of an array
    twice,    // the record behind itself
    instead,  // the text in place of the record
    keys,     // so many fields that nobody knows
    nesting,  // a field of so many arrays within each other
    padded,   // a field that makes the line so many bytes long
};

struct Damage {
    std::string_view name;
    std::optional<event::Reason> reason;  // of the refusal; none: the record is a row of bronze
    Edit edit;
    std::string_view text = {};
    std::size_t number = 0;
    bool is_rare = false;  // since it is large
};

/// All there are, each under a name of its own.
std::span<const Damage> damages();

/// Whether a record of the topic can have it.
bool befalls(const Damage& damage, event::Topic topic);

/// The topic that a refusal counts under: a line that cannot be read is a page view.
event::Topic counted_under(const Damage& damage, event::Topic topic);

/// The ts of the damaged record, for those that are taken.
std::int64_t ts_of_damaged(const Damage& damage, std::int64_t ts_ms);

/// A damage for a record of that topic; it lives as long as the program.
const Damage& draw_damage(event::Topic topic, Uniforms draw);

/// The mean length of what damages make of a line, in the shares that draw_damage gives them.
double mean_damaged_bytes(event::Topic topic, std::string_view line);

/// The line, without a line feed, damaged. The line must be as EventWriter writes it.
std::string damaged(std::string_view line, const Damage& damage);

}  // namespace bassline::simulator
