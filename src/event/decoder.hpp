// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "event/record.hpp"
#include "event/scanner.hpp"

// What a line becomes: rows of topics, or refusals with their reason. A pure function of the line
// and the time of ingest (docs/formats/bronze.md, "Validation").
//
// The scanner reads what EventSim writes; every line that it leaves, and every line that breaks a
// rule, is read again by the general path on simdjson, which alone refuses. Format and topic follow
// from the fields that are there:
//   page: a page view. Single stream if it has none of city, zip, state, lon, lat and duration, but
//     location, length or a text as userId; then NextSong is a listen too, and Submit Upgrade or
//     Submit Downgrade a status change.
//   no page: method or status make a page view that lacks its page; artist, song or duration a
//     listen; success an auth event; ts, sessionId and itemInSession a status change; anything else
//     counts under page_view_events.
namespace bassline::event {

inline constexpr std::int64_t kEventMsMin = 946'684'800'000;  // 2000-01-01
inline constexpr double kDurationSecondsMax = 10'800;

class GeneralDecoder;

class Decoder {
public:
    /// Events after `event_ms_max` are refused.
    explicit Decoder(std::int64_t event_ms_max);
    ~Decoder();

    /// Decodes a line without its newline; kScanPadding bytes are readable after it. The answer
    /// lives until the next call.
    const Line& decode(std::string_view line);

    /// decode without the fast path: for tests, which compare the two.
    const Line& decode_generally(std::string_view line);

private:
    bool decode_fast(std::string_view line);

    std::int64_t event_ms_max_;
    Scanner scanner_;
    Line line_;
    std::unique_ptr<GeneralDecoder> general_;
};

/// Of simdjson, such as "4.6.4".
std::string_view library_version();

}  // namespace bassline::event
