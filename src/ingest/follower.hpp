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
    /// Paths that changed since the last pass; notices which held files were renamed.
    std::vector<InputPath> changed(const std::vector<InputPath>& paths);
    /// Renamed files with something to read, or just renamed, as sources to read.
    std::vector<SourceToRead> renamed(const lake::FileSources& known);
    /// Sources whose renamed file is still held.
    std::set<std::uint64_t> drained() const;
    /// Its look or reading failed: changed() tells it again even if it stays as it is.
    void forget(const std::string& path) { seen_.erase(path); }
    /// After a pass: holds every plain file that the chain knows under its path.
    void hold(const lake::FileSources& known);

private:
    struct Held {
        std::shared_ptr<InputFile> file;
        std::uint64_t source = 0;
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

    std::map<std::string, std::shared_ptr<InputFile>> opened_;  // in this pass
    std::map<std::string, Held> held_;
    std::vector<Renamed> renamed_;
    std::map<std::string, Seen> seen_;
};

}  // namespace bassline::ingest
