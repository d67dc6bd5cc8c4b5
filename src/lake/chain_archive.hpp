// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "lake/chain.hpp"
#include "storage/file_system.hpp"

// Old entries of a chain, a thousand a file instead of one (docs/formats/lake.md, "Archives").
namespace bassline::lake {

inline constexpr std::uint64_t kEntriesAnArchive = 1000;

/// Which entries keep a file each.
struct ArchiveRule {
    std::uint64_t newest = 1000;  // what a start, a build or a sweep may read one by one
    std::chrono::milliseconds age{std::chrono::hours(1)};  // as long as readers may lag
};

/// Moves the entries before `end` that the rule lets go into archives, whole archives only.
/// Interrupted anywhere, every entry stands under at least one of its two names, and the next call
/// goes on. Entries too large to be held together keep their files, and so do all while a writer
/// has something staged for one of them. Returns how many lost theirs.
/// Errors: `bad_data` (an entry or archive is damaged, or the two differ; nothing is removed),
/// `not_found` (an entry is missing), `io`.
Result<std::uint64_t> archive_entries(storage::FileSystem& files, std::string_view chain,
                                      std::uint64_t end, Timestamp now, const ArchiveRule& rule,
                                      const std::stop_token& stop);

/// Seq after the last archived entry; 0 if there is none.
Result<std::uint64_t> archived_end(const storage::FileSystem& files, std::string_view chain);

/// Reads entries wherever they stand. An archive is kept in memory until another is needed: read in
/// order, each is read once. For one thread.
class EntryReader {
public:
    /// `files` must outlive this.
    EntryReader(const storage::FileSystem& files, std::string_view chain)
        : files_(files), chain_(chain) {}

    /// Errors: `not_found`, `bad_data` (naming what is damaged), `config`, `io`.
    Result<ReadEntry> read(std::uint64_t seq);
    Result<std::string> bytes(std::uint64_t seq);
    /// From its archive, whatever stands under its own name.
    Result<std::string> archived_bytes(std::uint64_t seq);

private:
    bool holds(std::uint64_t seq) const;
    Result<void> open_archive(std::uint64_t seq);

    const storage::FileSystem& files_;
    std::string chain_;
    std::string path_;         // where the last entry stood
    std::uint64_t first_ = 0;  // seq of the first line of `lines_`
    std::string lines_;        // of one archive, each an entry
    std::size_t at_ = 0;       // where the line of `next_` begins
    std::uint64_t next_ = 0;
};

/// The time asked about, and what time it is.
struct CommitTime {
    Timestamp by;
    Timestamp now;
};

/// The seq up to which all entries from `seq` on, of those before `end`, surely were committed by
/// then: `seq` itself if it may be younger. An entry whose time lies ahead was written by a clock
/// that was wrong; a successor of right time came later than it. Errors: those of read().
Result<std::uint64_t> committed_until(EntryReader& entries, std::uint64_t seq, std::uint64_t end,
                                      const CommitTime& time);

}  // namespace bassline::lake
