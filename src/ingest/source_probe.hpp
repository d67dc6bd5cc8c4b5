// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "ingest/byte_stream.hpp"
#include "ingest/fingerprint.hpp"

// A first look into an input: enough to say whether it holds events, where it belongs in time, and
// which known source it begins like.
namespace bassline::ingest {

struct SourceProbe {
    Encoding encoding = Encoding::plain;
    std::string head;        // the first 64 KiB, all of it if there is less
    std::string first_line;  // the first that is not blank, without newline
    bool has_line = false;   // a newline was seen, or more than one line can hold
    bool ended = false;      // all of the input was looked at
    std::optional<Error> damage;
};

/// `window_max`: as of open_byte_stream. Errors: `io`; `bad_data` if nothing can be seen for want
/// of memory.
Result<SourceProbe> probe_source(const std::shared_ptr<InputFile>& file,
                                 std::uint64_t window_max = kZstdWindowMax);

/// Length of the content, decompressed; up to the damage if there is some. Errors: `not_found`,
/// `io`; `bad_data` if it needs too much memory.
Result<std::uint64_t> content_bytes_at(const std::string& path, std::uint64_t window_max);

/// The line is a JSON object with `ts` and `sessionId`, so its file holds events.
bool is_event_line(std::string_view line);

/// `ts` of such a line, if it is a number.
std::optional<std::int64_t> event_ms_of_line(std::string_view line);

/// The text is one complete JSON object.
bool is_complete_object(std::string_view text);

/// Finds the sources whose content an input begins with, by the hash of their first bytes.
class PrefixIndex {
public:
    /// A source that is `end` bytes long and has this `head` hash.
    void add(std::uint64_t end, const std::string& head, std::uint64_t source);
    /// Sources that agree with the first bytes; those longer than `head` only as far as it goes.
    std::vector<std::uint64_t> find(std::string_view head) const;

private:
    std::map<std::size_t, std::unordered_map<std::string, std::vector<std::uint64_t>>> by_length_;
};

}  // namespace bassline::ingest
