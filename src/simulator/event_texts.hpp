// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "simulator/model.hpp"
#include "simulator/prepared_text.hpp"

// Every text of the output that does not change, spelled once: what a state, a song, a place, an
// agent and a name look like inside a record. Immutable; any threads.
namespace bassline::simulator {

/// Four topics (the rewrite for Kafka), or the original single stream.
enum class OutputFormat { topics, single };

struct OutputOptions {
    OutputFormat format = OutputFormat::topics;
    bool extended = false;            // adds trackId, eventId, prevLevel at a record's end
    std::optional<std::string> tag;   // of every record that shows its user; single: of all
    std::uint64_t first_user_id = 1;  // id of user 0
    bool has_own_songs = false;       // from a file, read as the original reads it if need be
};

struct EventTexts {
    EventTexts(const Model& model, const OutputOptions& options);

    // By state, from `,"page":` or the like up to `"itemInSession":`.
    TextStore page_heads;    // page, auth, method, status, level
    TextStore listen_heads;  // auth, level: listens and status changes
    TextStore auth_heads;    // level
    // By song.
    TextStore songs;      // "artist":...,"song":...,"duration":..., without comma or braces
    TextStore track_ids;  // ,"trackId":...; extended
    // By place: before and behind the user agent. The single stream has the location first.
    TextStore places_before;
    TextStore places_behind;
    TextStore user_agents;
    TextStore last_names;
    TextStore female_names;  // with the gender where it follows the name
    TextStore male_names;
    TextStore previous_levels;  // ,"prevLevel":...
    std::string tag;            // ,"tag":... or nothing, padded for put()
    std::size_t tag_size;
    std::size_t record_bytes_max;  // of any record
};

}  // namespace bassline::simulator
