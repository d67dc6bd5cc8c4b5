// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lake/chain.hpp"

// What the chain `files` says about its sources, as a fold of its entries, and the checkpoints that
// spare a start from reading the whole log. A checkpoint is only a hint: the entry after it must
// name the same predecessor, else the log is folded from its first entry.
namespace bassline::lake {

struct FileSource {
    std::string path;  // where it was last read
    std::string encoding;
    std::uint64_t end = 0;
    Fingerprint fingerprint;  // at `end`
    std::string state;
};

/// What a path held when it was last read.
struct KnownPath {
    std::uint64_t source = 0;
    std::uint64_t end = 0;
    Fingerprint fingerprint;
};

struct FileSources {
    std::map<std::uint64_t, FileSource> sources;
    std::map<std::string, KnownPath> paths;

    /// The number of the next new source.
    std::uint64_t next_source() const { return sources.empty() ? 0 : sources.rbegin()->first + 1; }
    /// Folds one more entry in.
    void apply(const Entry& entry);
};

inline constexpr std::uint64_t kCheckpointInterval = 100;  // entries

/// The chain `files` as a writer needs it.
struct FilesChain {
    FileSources sources;
    Chain tail;  // the newest entry at least, if there is any
};

/// Errors: those of Chain::load.
Result<FilesChain> load_files_chain(const storage::FileSystem& files);

/// Writes `checkpoint/<seq>.json`: the fold of all entries before `seq`, whose newest has that
/// hash. Older checkpoints are removed.
Result<void> write_checkpoint(storage::FileSystem& files, std::uint64_t seq,
                              const std::string& prev_sha256, const FileSources& sources);

}  // namespace bassline::lake
