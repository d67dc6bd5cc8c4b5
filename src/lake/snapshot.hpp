// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/file_system.hpp"

// Snapshots: what silver and gold are (docs/formats/lake.md, "Snapshots").
//
// A snapshot names every file of every table of one build. Committing `_snapshots/<n>.json` by a
// no-replace rename is publication; our readers open one snapshot and see it whole. Afterwards the
// files are projected (hard link, rename over) onto fixed names for foreign readers
// (projection.hpp); any later writer finishes a projection that was interrupted. Snapshot and
// projection have one writer at a time, who holds the lake's build lock; should two ever race, the
// rename decides and the loser gets `conflict`.
namespace bassline::lake {

struct TableFile {
    std::string event_date;  // YYYY-MM-DD; empty for a table of one file
    std::string path;        // under _versions/
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::string xxh64;
    friend bool operator==(const TableFile&, const TableFile&) = default;
};

struct Table {
    std::string layer;  // "intermediate" (not projected), "silver", "gold"
    std::vector<TableFile> files;
    friend bool operator==(const Table&, const Table&) = default;
};

struct Snapshot {
    std::uint64_t n = 0;  // dense from 1
    std::string prev_sha256;
    std::string run;  // make_run_id
    Timestamp committed_at;
    std::string models_sha256;  // of all of `models`
    std::map<std::string, std::string>
        models;          // model name -> fingerprint of its text; empty: must be rebuilt
    std::string engine;  // "duckdb"
    std::map<std::string, std::uint64_t> bronze;  // chain -> number of entries folded in (next seq)
    std::int64_t watermark_ms = 0;                // greatest event time in bronze
    std::string retained_from;                    // first kept event date, empty: all
    std::map<std::string, Table> tables;
    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// The snapshot as it stands on disk: one JSON object with sorted keys and a checksum of its own,
/// and back. Errors of the way back: `bad_data` (damaged), `config` (a newer format).
std::string to_json(const Snapshot& snapshot);
Result<Snapshot> snapshot_from_json(std::string_view json);

/// What the successor's `prev_sha256` must be.
std::string sha256_of(const Snapshot& snapshot);

/// Numbers of all snapshots that still stand, ascending.
Result<std::vector<std::uint64_t>> list_snapshots(const storage::FileSystem& files);

/// Errors: `not_found`, `bad_data`, `config` (a newer format), `io`.
Result<Snapshot> read_snapshot(const storage::FileSystem& files, std::uint64_t n);

/// The newest snapshot, or none in a lake that was never built. Errors: `bad_data`, `config` (a
/// newer format), `io`.
Result<std::optional<Snapshot>> newest_snapshot(const storage::FileSystem& files);

/// Commits snapshot `n` by a no-replace rename. Errors: `conflict` if another build took the
/// number.
Result<void> commit(storage::FileSystem& files, const Snapshot& snapshot);

/// The name of a build that means to commit snapshot `n`: "00000012-20250314T235000000000Z". Runs
/// sort by `n`, whatever the clock does.
std::string make_run_id(std::uint64_t n, Timestamp now);

/// Removes what builds left behind that died before their commit. Only for the holder of the build
/// lock.
Result<void> discard_unpublished(storage::FileSystem& files, std::uint64_t newest_n);

inline constexpr std::size_t kSnapshotsMax = 256;

/// Removes what no reader needs: snapshots that are not among the last two and were replaced as the
/// newest 24 hours ago or earlier, or, where kSnapshotsMax newer ones stand, 10 minutes ago; and
/// the versions and runs that only they named.
Result<void> prune(storage::FileSystem& files, Timestamp now);

/// Keeps the reports of the last 256 builds in `_runs/`, those that published nothing among them.
Result<void> prune_reports(storage::FileSystem& files);

// Where a test can stop a publication (base/failpoint.hpp), in order of time.
inline constexpr std::string_view kSnapshotBeforeRename = "lake.snapshot.before_rename";
inline constexpr std::string_view kSnapshotCommitted = "lake.snapshot.committed";
inline constexpr std::string_view kSnapshotProjectFile =
    "lake.snapshot.project_file";  // once a file
inline constexpr std::string_view kSnapshotProjectDone = "lake.snapshot.project_done";
inline constexpr std::string_view kSnapshotPruneVersion =
    "lake.snapshot.prune_version";  // once a version
inline constexpr std::array kSnapshotFailpoints = {kSnapshotBeforeRename, kSnapshotCommitted,
                                                   kSnapshotProjectFile, kSnapshotProjectDone,
                                                   kSnapshotPruneVersion};

}  // namespace bassline::lake
