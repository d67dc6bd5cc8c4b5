// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "event/schema.hpp"

// Where records go: files, standard output, a broker. One interface for all.
//
// Records are lines of JSON. They come in streams: one a topic (in the order of event::kTopics), or
// a single one for the single-stream format and for standard output, where the records of a step
// stand side by side. Used by one thread at a time.
namespace bassline::simulator {

/// What a sink that treats records one by one needs to know of each.
struct RecordMark {
    std::size_t end;     // offset behind the record's line feed
    std::int64_t ts_ms;  // of the event
    std::uint64_t user;  // its index, whether or not the record shows the user: a key
    event::Topic topic;
};

/// Whole lines, in order of time.
struct Lines {
    std::string_view text;
    std::span<const RecordMark> marks;  // one a line if the sink wants them, else none
};

class Sink {
public:
    virtual ~Sink() = default;
    /// Whether `write` needs the marks.
    virtual bool wants_marks() const { return false; }
    /// Errors: `io` and the like; nothing is written after one.
    virtual Result<void> write(std::size_t stream, const Lines& lines) = 0;
    /// Hands what was written to whoever reads along.
    virtual Result<void> flush() { return {}; }
    /// The end: what was written becomes visible as a whole.
    virtual Result<void> finish() = 0;
};

}  // namespace bassline::simulator
