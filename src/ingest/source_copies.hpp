// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ingest/byte_stream.hpp"
#include "ingest/input_file.hpp"
#include "lake/file_sources.hpp"

// Recognises inputs that hold only the beginning of a known source: an older copy, or one that is
// still being written. A fingerprint cannot tell that, since it is of a source's end; so their
// bytes are compared with a file that still holds the source. Reads only; one thread.
namespace bassline::ingest {

inline constexpr std::size_t kOpeningBytes = 256;  // of a file, by which files are compared first

class SourceCopies {
public:
    /// `window_max`: as of open_byte_stream, for two files at a time.
    SourceCopies(const lake::FileSources& known, std::uint64_t window_max);

    /// A path that the chain does not know yet holds the source up to its end.
    void add(const std::string& path, std::uint64_t source);

    /// Longer sources that have the first bytes of an input that is `bytes` long, and stand
    /// somewhere. `opening`: its first kOpeningBytes, all of it if there is less.
    std::vector<std::uint64_t> begin_with(std::string_view opening, std::uint64_t bytes);

    /// All bytes of the input are the first ones of the source; nothing if no file that holds as
    /// much of the source stands to say so. A damaged input ends where the damage is. Errors: `io`
    /// of the input; `bad_data` if it needs too much memory.
    Result<std::optional<bool>> is_beginning(const std::shared_ptr<InputFile>& input,
                                             std::uint64_t source) const;

private:
    // A path that held the source up to `end` when it was last read.
    struct Place {
        std::string path;
        std::uint64_t end = 0;
        lake::Fingerprint fingerprint;
    };

    std::string opening_of(const Place& place) const;
    Result<std::optional<bool>> compare_at(const std::shared_ptr<InputFile>& input,
                                           const Place& place) const;
    void learn_openings();

    const lake::FileSources& known_;
    const std::uint64_t window_max_;
    std::map<std::uint64_t, std::vector<Place>> places_;
    std::multimap<std::string, std::uint64_t> openings_;  // of sources that stand
    bool openings_known_ = false;
};

}  // namespace bassline::ingest
