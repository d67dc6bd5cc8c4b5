// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

// What a path of the input is, given what the chain remembers and what the content shows; pure
// (docs/formats/lake.md, "File sources").
namespace bassline::ingest {

/// What was found out about one path.
struct PathFacts {
    /// The source the chain last read under this very path, and how far.
    std::optional<std::uint64_t> path_source;
    /// The content up to there is still the same.
    bool same_content = false;
    /// The path holds more bytes than were read under it.
    bool longer = false;
    /// That source was read further under another path ...
    bool source_ahead = false;
    /// ... and this path has the same content up to there.
    bool caught_up = false;
    /// Another source whose content this path begins with; the longest one.
    std::optional<std::uint64_t> content_source;
    /// A source that was read further than this content goes and begins with all of it.
    std::optional<std::uint64_t> copy_of;
    /// One that begins with its first 64 KiB, and stands nowhere to compare the rest.
    std::optional<std::uint64_t> begins_like;
    /// The content that the path held lives elsewhere: at another path of the input, at the path
    /// where its source was last read, or it was read to its end when it was renamed; or another
    /// path holds its beginning, as a copy does whose last lines were lost to the truncation after
    /// it.
    bool old_content_elsewhere = false;
};

enum class SourceKind {
    new_source,    // never seen
    same_source,   // goes on at the source's end
    moved_source,  // known content under another name: goes on under its old number
    older_copy,    // what it holds was read, its source is further elsewhere: nothing to do
    waiting,       // may be a copy in the making: nothing is read until that can be told
    rotated,       // the old content went elsewhere: the path begins a new source
    replaced,      // shorter or other content, and the old one is nowhere: refused
    diverged,      // differs from its source past what was read here: refused
};

struct SourceDecision {
    SourceKind kind;
    std::uint64_t source = 0;  // of the kinds that go on or refuse

    friend bool operator==(const SourceDecision&, const SourceDecision&) = default;
};

SourceDecision decide_source(const PathFacts& facts);

/// What to do with the bytes after the last newline.
enum class TailKind {
    nothing,     // there are none
    record,      // a complete JSON object: a record whose newline may still come
    pending,     // left unread: a plain file may yet grow
    quarantine,  // cut short for good
    unread,      // before damage: left for the repaired file
};

struct TailFacts {
    bool empty = true;
    bool complete_object = false;
    bool may_grow = false;  // a plain file
    bool damaged = false;   // the stream broke there
};

TailKind decide_tail(const TailFacts& facts);

}  // namespace bassline::ingest
