// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ingest/batch.hpp"
#include "lake/file_sources.hpp"
#include "storage/file_system.hpp"

namespace bassline::ingest {

/// The writer's end of the chain `files`: holds its lock, knows its head and its sources, and takes
/// batches through seal, commit, publication and cleaning. One thread.
class Committer {
public:
    /// Locks the chain, reads it, finishes what a dead writer left.
    /// Errors: `conflict` if another process holds it, `bad_data` if it is damaged, `io`.
    static Result<std::unique_ptr<Committer>> open(storage::FileSystem& files, const Clock& clock);

    const lake::FileSources& sources() const { return chain_.sources; }

    /// Begins a batch: writes the genesis if the chain is empty, makes the staging directory.
    Result<BatchContext> begin();
    /// Commits and publishes; the batch has happened once this returns its entry.
    /// Errors: `conflict` if another writer took the seq (discard, reload, go on); `io`.
    Result<lake::Entry> commit(BatchOutput batch, const BatchContext& context);
    /// Drops what the batch staged; nothing of it happened. Best effort: the next start cleans too.
    void discard();
    /// Reads the chain again, after a conflict.
    Result<void> reload();

private:
    Committer(storage::FileSystem& files, const Clock& clock,
              std::unique_ptr<storage::ProcessLock> lock);

    Result<void> write_genesis();
    Result<void> append(const lake::Entry& entry);
    lake::Entry next_entry() const;

    storage::FileSystem& files_;
    const Clock& clock_;
    std::unique_ptr<storage::ProcessLock> lock_;
    std::string writer_;
    lake::FilesChain chain_;
};

}  // namespace bassline::ingest
