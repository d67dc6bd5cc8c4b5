// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "compact/sweep.hpp"
#include "lake/chain.hpp"
#include "lake/live_files.hpp"
#include "storage/file_system.hpp"
#include "storage/process_lock.hpp"

// The writer's end of the chain `compact`, which says what becomes of files that others wrote:
// merged, expired, replayed. Holds its lock, knows the live files, takes entries through commit,
// publication, cleaning and the sweep. One thread.
namespace bassline::compact {

class Journal {
public:
    /// Locks the chain, folds all logs, finishes what dead writers left. The others outlive it.
    /// Errors: `conflict` if another process holds it, `bad_data` if a log is damaged, `io`.
    static Result<std::unique_ptr<Journal>> open(storage::FileSystem& files, const Clock& clock);

    const lake::LiveFiles& live() const { return log_.live; }
    std::uint64_t next_seq() const;

    /// The live files without those that their writer may yet look for: of a chain's newest entry,
    /// until its staging is gone.
    Result<lake::LiveFiles> settled_files() const;

    /// The next entry, empty; the chain's genesis is written if there is none.
    Result<lake::Entry> begin();
    /// Where the outputs of an entry are staged; made if missing.
    Result<std::string> make_staging();
    /// Gives the outputs their names, seals, commits, publishes and cleans; what it names is then
    /// folded in. Errors: `conflict`, `bad_data`, `io`.
    Result<void> commit(lake::Entry& entry);

    /// Sweeps what is older than the grace period (sweep.hpp).
    Result<SweepResult> sweep(std::chrono::milliseconds grace);
    /// Keeps the fold of the logs for readers, if it is worth it.
    Result<void> keep_checkpoint();

private:
    Journal(storage::FileSystem& files, const Clock& clock,
            std::unique_ptr<storage::ProcessLock> lock);

    Result<void> finish_what_others_left();
    lake::Entry next_entry() const;
    Result<void> write(const lake::Entry& entry);

    storage::FileSystem& files_;
    const Clock& clock_;
    std::unique_ptr<storage::ProcessLock> lock_;
    const std::string writer_;
    lake::LakeLog log_;
};

/// What an entry says of a file that it replaces.
lake::Replaced replaced_by(const lake::LiveFile& file);

}  // namespace bassline::compact
