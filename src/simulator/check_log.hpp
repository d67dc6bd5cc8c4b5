// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "event/schema.hpp"
#include "simulator/configuration.hpp"

// Page views of files of events, by session, as the check needs them: 40 bytes each in memory.
namespace bassline::simulator {

struct LoggedStep {
    std::uint64_t session;
    std::int64_t ts_ms;
    std::uint64_t user;  // kNoUser if the event does not show one
    std::uint32_t item;
    float song_s;         // negative if no song begins
    std::uint32_t state;  // index into EventLog::states

    static constexpr std::uint64_t kNoUser = ~std::uint64_t{0};
};

struct EventLog {
    std::vector<PageState> states;  // those of the configuration, then others that were met
    std::vector<LoggedStep> steps;  // by session and item, each once
    std::array<std::uint64_t, event::kTopicCount> records{};
    std::uint64_t refused = 0;     // lines that are no event
    std::uint64_t duplicates = 0;  // page views whose session and item were there before
    bool is_single_stream = false;
    std::int64_t first_ms = 0;
    std::int64_t last_ms = 0;
};

/// Reads files, and the files of folders; four topics or the single stream.
/// Errors: `not_found`, `io`, `bad_data` (damaged, or without any page view).
Result<EventLog> read_event_log(std::span<const std::filesystem::path> inputs,
                                const Configuration& configuration);

}  // namespace bassline::simulator
