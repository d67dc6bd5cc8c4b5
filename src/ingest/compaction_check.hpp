// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "lake/live_files.hpp"
#include "storage/file_system.hpp"

// What verify holds against the chain `compact`: that each entry only replaces files that were live
// and keeps their rows, and that what was swept is as folders should show it.
namespace bassline::ingest {

struct CompactionCounts {
    std::uint64_t rows_expired = 0;
    std::uint64_t files_expired = 0;
    std::uint64_t files_awaiting = 0;  // replaced, and not yet swept
};

class CompactionCheck {
public:
    /// `live` is the fold of all other chains; `find` is told what is wrong.
    CompactionCheck(const storage::FileSystem& files, lake::LiveFiles& live,
                    std::function<void(std::string)> find)
        : files_(files), live_(live), find_(std::move(find)) {}

    /// Folds the chain into `live`; its newest entry only if its files stand. Errors: `io`.
    Result<CompactionCounts> fold(const lake::Chain& compact);

private:
    void check_unpublished(const lake::Entry& entry);
    void check_swept(const lake::Entry& entry);
    void check_shown();

    const storage::FileSystem& files_;
    lake::LiveFiles& live_;
    std::function<void(std::string)> find_;
    std::uint64_t swept_ = 0;  // entries
};

/// How far the compactions of a lake are.
struct CompactionProgress {
    std::uint64_t entries = 0;
    std::uint64_t swept = 0;
    friend bool operator==(const CompactionProgress&, const CompactionProgress&) = default;
};
Result<CompactionProgress> compaction_progress(const storage::FileSystem& files);

}  // namespace bassline::ingest
