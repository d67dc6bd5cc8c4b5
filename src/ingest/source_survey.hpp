// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ingest/byte_stream.hpp"
#include "ingest/input_file.hpp"
#include "ingest/input_paths.hpp"
#include "lake/file_sources.hpp"

// Looks at every path of the input and says what there is to read, under which source number and
// from where; collects the facts for decide_source and acts on its answers. Reads only.
namespace bassline::ingest {

inline constexpr std::uint64_t kUnknownEnd = UINT64_MAX;  // of compressed inputs and streams

/// A source with something to read, or whose new path is to be recorded.
struct SourceToRead {
    std::uint64_t number = 0;
    std::string path;
    Encoding encoding = Encoding::plain;
    std::uint64_t start = 0;
    std::uint64_t end = kUnknownEnd;
    std::uint64_t input_bytes = 0;         // how much of the file is to be read, for progress
    std::shared_ptr<InputFile> held;       // open already, else opened when its turn comes
    FileIdentity identity;                 // what the path stood for
    std::optional<std::int64_t> event_ms;  // of its first line
    bool moved = false;                    // its path is recorded even if nothing is new
    bool closed = false;                   // rotated away, or a stream: never to be continued
};

enum class NoticeKind {
    already_ingested,  // known content under another name
    skipped,           // no event log, in a folder
    empty,             // holds nothing yet
    pending,           // half a line waits for its rest, or half a copy for its source
    refused,           // replaced, diverged, unreadable, missing or damaged: exit code 1
};

struct Notice {
    NoticeKind kind;
    std::string path;
    std::string text;
    std::uint64_t pending_bytes = 0;
};

/// The source of which each path holds the beginning.
using CopiesByPath = std::map<std::string, std::uint64_t>;

struct Survey {
    std::vector<SourceToRead> sources;  // by first event time, then path
    std::vector<Notice> notices;
    CopiesByPath copies;              // shorter copies, of which nothing is recorded
    std::vector<InputPath> deferred;  // begin like another one: to be surveyed after its commit
};

struct SurveyOptions {
    std::set<std::uint64_t> drained;  // their renamed file is open, and read to its end elsewhere
    std::uint64_t window_max = kZstdWindowMax;  // as of open_byte_stream; beyond it: refused
};

/// `copies`: what earlier surveys found of paths that are not looked at now.
Survey survey_sources(const std::vector<InputPath>& paths, const lake::FileSources& known,
                      const CopiesByPath& copies, const SurveyOptions& options);

}  // namespace bassline::ingest
