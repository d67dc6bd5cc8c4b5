// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/file_system.hpp"

// Old entries of a chain, a thousand a file instead of one (docs/formats/lake.md, "Archives").
namespace bassline::lake {

inline constexpr std::uint64_t kEntriesAnArchive = 1000;
/// The newest entries keep a file each: what a start, a build or a sweep may read one by one.
inline constexpr std::uint64_t kEntriesNotArchived = 1000;

/// Moves entries before `end` into archives, whole archives only. The caller sees to it that no
/// writer of the chain can be older than they are: on a local lake its lock does. Interrupted
/// anywhere, every entry stands under at least one of its two names, and the next call goes on.
/// Returns how many entries lost their own file. Errors: `bad_data` (an entry is damaged), `io`.
Result<std::uint64_t> archive_entries(storage::FileSystem& files, std::string_view chain,
                                      std::uint64_t end);

/// Seq after the last archived entry; 0 if there is none.
Result<std::uint64_t> archived_end(const storage::FileSystem& files, std::string_view chain);

/// The bytes of entries, wherever they stand. An archive is kept in memory until another is needed:
/// read in order, each is read once. For one thread.
class EntryBytes {
public:
    /// `files` must outlive this.
    EntryBytes(const storage::FileSystem& files, std::string_view chain)
        : files_(files), chain_(chain) {}

    /// Errors: `not_found`, `bad_data` (a damaged archive), `io`.
    Result<std::string> read(std::uint64_t seq);

private:
    bool holds(std::uint64_t seq) const;
    Result<void> open_archive(std::uint64_t seq);

    const storage::FileSystem& files_;
    std::string chain_;
    std::uint64_t first_ = 0;  // seq of the first line of `lines_`
    std::string lines_;        // of one archive, each an entry
    std::size_t at_ = 0;       // where the line of `next_` begins
    std::uint64_t next_ = 0;
};

}  // namespace bassline::lake
