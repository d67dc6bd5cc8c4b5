// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "dashboard/gold.hpp"
#include "lake/snapshot.hpp"
#include "storage/file_system.hpp"

namespace bassline::dashboard {

/// A number for each key, in the order in which they were first seen.
class KeyNumbers {
public:
    std::uint32_t of(std::string_view key);

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

/// Reads gold and the songs of each day of one snapshot after the other into memory. A live service
/// publishes every other second and changes the last dates alone: the songs of a date are kept as
/// long as its file is the same. One thread.
class GoldReader {
public:
    /// `files` must outlive this.
    explicit GoldReader(const storage::FileSystem& files) : files_(files) {}

    /// By a DuckDB of its own that is gone afterwards. Errors: `bad_data` if a table or column is
    /// missing (naming it), `sql` or `io` if a file cannot be read; a file that was pruned
    /// meanwhile is one of these, and the next snapshot will load.
    Result<Gold> read(const lake::Snapshot& snapshot);

private:
    class Load;

    const storage::FileSystem& files_;
    KeyNumbers songs_;                                       // the same in every snapshot
    std::map<std::string, std::vector<SongDay>> song_days_;  // by file
};

}  // namespace bassline::dashboard
