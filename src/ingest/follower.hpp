// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ingest/source_survey.hpp"

namespace bassline::ingest {

/// What `--follow` remembers between passes: files that are open, so that one that is renamed away
/// is read to its end, and which paths have not changed since they were last read. One thread.
class Follower {
public:
    /// Keeps at most `held_max` files open, those that were written to last: of them a rename is
    /// most likely, and the others are read as well, by their paths.
    explicit Follower(std::size_t held_max) : held_max_(held_max) {}

    /// Paths that changed since the last pass, or cannot be opened; notices which held files were
    /// renamed.
    std::vector<InputPath> changed(const std::vector<InputPath>& paths);
    /// Renamed files with something to read, or just renamed, as sources to read.
    std::vector<SourceToRead> renamed(const lake::FileSources& known);
    /// Sources whose renamed file is still held.
    std::set<std::uint64_t> drained() const;
    /// Its look or reading failed: changed() tells it again even if it stays as it is.
    void forget(const std::string& path) { seen_.erase(path); }
    /// After a pass: holds the plain files that it opened and the chain knows under their paths.
    void hold(const lake::FileSources& known);

private:
    struct Held {
        std::shared_ptr<InputFile> file;
        std::uint64_t source = 0;
        std::int64_t modified_ns = 0;
    };
    struct Opened {
        std::shared_ptr<InputFile> file;
        std::int64_t modified_ns = 0;
    };
    struct Written {
        std::int64_t modified_ns = 0;
        std::string path;
    };
    struct Renamed {
        Held held;
        std::string path;  // before it was renamed
        bool recorded = false;
        std::chrono::steady_clock::time_point grown;
    };
    struct Seen {
        FileIdentity identity;
        std::uint64_t bytes = 0;
        friend bool operator==(const Seen&, const Seen&) = default;
    };

    void find_renamed();
    void open_newest(std::vector<Written> changed);

    const std::size_t held_max_;
    std::map<std::string, Opened> opened_;  // in this pass
    std::map<std::string, Held> held_;
    std::vector<Renamed> renamed_;
    std::map<std::string, Seen> seen_;
};

}  // namespace bassline::ingest
