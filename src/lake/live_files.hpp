// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "lake/chain.hpp"
#include "storage/file_system.hpp"

// Which files hold a lake's rows: the fold of all chains. Folders are never listed.
//
// A file that an entry of ingest names is live until an entry of the chain `compact` replaces it,
// by a merged file with the same rows, by what a replay made of quarantined records, or because its
// date expired. So a reader that folds the logs
// once sees inputs or output, never both and never neither; what it folded stays readable for the
// grace period (docs/formats/lake.md, "Compaction").
namespace bassline::lake {

struct LiveFile {
    Output output;
    std::string chain;  // the entry that names it
    std::uint64_t seq = 0;
    Positions holds;  // of a merged file: what its rows came with; empty: the entry itself. With
                      // a position of `compact`, rows of it came out of quarantine by that entry

    /// Chain -> number of entries up to the newest that has a row in the file.
    Positions positions() const { return holds.empty() ? Positions{{chain, seq + 1}} : holds; }
    friend bool operator==(const LiveFile&, const LiveFile&) = default;
};

struct ChainHead {
    std::uint64_t next_seq = 0;
    std::string sha256;  // of the newest entry's bytes
    friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

struct LiveFiles {
    std::map<std::string, ChainHead> heads;  // by chain: what is folded in
    std::map<std::string, LiveFile> files;   // by final name
    std::map<std::string, LiveFile> late;  // arrived for a date that had expired; nobody reads them
    std::string retained_from;             // first kept event date; empty: all
    std::int64_t watermark_ms = 0;         // greatest event time ever

    /// Folds one more entry in. Those of ingest before those of `compact` that replace their files.
    void apply(const Entry& entry, const std::string& sha256);

    /// What does not add up in an entry of `compact` that is to be applied: a file replaced that is
    /// not live, rows that differ between inputs and output of a folder or, of a replay, between
    /// what left quarantine, what came of it and what it counts. Empty if all is well.
    std::vector<std::string> problems_of(const Entry& entry) const;

    friend bool operator==(const LiveFiles&, const LiveFiles&) = default;
};

/// The fold as text, with a checksum, and back. Errors of the way back: `bad_data`.
std::string to_text(const LiveFiles& live);
Result<LiveFiles> live_files_from_text(std::string_view text);

/// A lake's logs as a reader needs them.
struct LakeLog {
    LiveFiles live;
    std::map<std::string, Entry> newest;  // of each chain; of `compact` it may not be folded in yet
    std::size_t entries_folded = 0;       // beyond the checkpoint, files replaced among them
};

/// Folds all chains, from the checkpoint where the log confirms it: the newest entry that it folded
/// must have the hash it says. The newest entry of `compact` counts once its files stand; until
/// then its inputs do. Errors: those of Chain::load.
Result<LakeLog> load_log(const storage::FileSystem& files);

/// True if all outputs of the entry stand under their final names.
Result<bool> is_published(const storage::FileSystem& files, const Entry& entry);

/// Entries of `compact` whose replaced files are gone and whose merged files folders show.
Result<std::uint64_t> swept_entries(const storage::FileSystem& files);

inline constexpr std::size_t kEntriesBetweenCheckpoints = 100;

/// Writes the checkpoint if the log is that far ahead of it. `writer` ("build", "compact") keeps
/// the staged files of those who may write at the same time apart; each has a lock of its own.
Result<void> keep_checkpoint(storage::FileSystem& files, const LakeLog& log,
                             std::string_view writer);

}  // namespace bassline::lake
