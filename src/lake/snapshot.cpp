// SPDX-License-Identifier: Apache-2.0
#include "lake/snapshot.hpp"

#include <algorithm>
#include <set>

#include "base/failpoint.hpp"
#include "lake/named_paths.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using storage::FileInfo;
using storage::FileSystem;

constexpr std::string_view kDirectory = "_snapshots";
constexpr std::string_view kStaged = "_snapshots/staged-";
constexpr std::size_t kSnapshotsKept = 2;
constexpr std::chrono::hours kSnapshotAgeKept{24};
constexpr std::chrono::minutes kSnapshotAgeMin{10};
constexpr std::size_t kRunsKept = 256;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// A folder that nobody made yet is empty.
Result<std::vector<FileInfo>> list_or_empty(const FileSystem& files, std::string_view path) {
    auto listed = files.list(path);
    if (!listed && listed.error().kind == ErrorKind::not_found) return std::vector<FileInfo>{};
    return listed;
}

// After a rename whose reply is an error: what stands under the name decides.
Result<void> settle_commit(const FileSystem& files, const Snapshot& snapshot,
                           const std::string& content, const Error& failure) {
    const auto standing = files.read(snapshot_path(snapshot.n));
    if (!standing) return failure;
    if (standing.value() == content) return {};  // ours: only the reply was lost
    const auto other = snapshot_from_json(standing.value());
    return error(ErrorKind::conflict, "snapshot {} was committed by another build (run {})",
                 snapshot.n, other ? other.value().run : "unreadable");
}

// The snapshot number that a run meant to commit; 0 for a name that is no run.
std::uint64_t number_of(const std::string& run) {
    return std::strtoull(run.c_str(), nullptr, 10);
}

// What is left after old snapshots went.
struct Pruned {
    Snapshot oldest;             // of those that stay
    std::set<std::string> runs;  // of those that went
};

// By when the snapshot at `index` surely was committed. A time that lies ahead was written by a
// clock that was wrong then; a successor of right time came later than it.
Result<Timestamp> committed_by(const FileSystem& files, const std::vector<std::uint64_t>& numbers,
                               std::size_t index, const Snapshot& snapshot, Timestamp now) {
    Timestamp time = snapshot.committed_at;
    while (time > now && ++index < numbers.size()) {
        TRY_ASSIGN(const Snapshot later, read_snapshot(files, numbers[index]));
        time = later.committed_at;
    }
    return time;
}

// Removes old snapshots. A reader may have opened a snapshot up
// to the moment its successor was committed, so that is when its age begins.
Result<std::optional<Pruned>> prune_snapshots(FileSystem& files, Timestamp now) {
    TRY_ASSIGN(const auto numbers, list_snapshots(files));
    if (numbers.empty()) return std::optional<Pruned>();
    std::set<std::string> gone;
    TRY_ASSIGN(Snapshot oldest, read_snapshot(files, numbers.front()));
    for (std::size_t index = 1; index + kSnapshotsKept <= numbers.size(); ++index) {
        TRY_ASSIGN(Snapshot successor, read_snapshot(files, numbers[index]));
        TRY_ASSIGN(const Timestamp superseded, committed_by(files, numbers, index, successor, now));
        const auto age = now - superseded;
        const bool are_many = numbers.size() - index >= kSnapshotsMax;
        if (age < (are_many ? Timestamp::duration(kSnapshotAgeMin) : kSnapshotAgeKept)) break;
        TRY(files.remove(snapshot_path(oldest.n)));
        gone.insert(oldest.run);
        oldest = std::move(successor);
    }
    return std::optional(Pruned{.oldest = std::move(oldest), .runs = std::move(gone)});
}

// The runs whose files a snapshot names.
std::set<std::string> runs_of(const Snapshot& snapshot) {
    std::set<std::string> runs;
    for (const auto& [name, table] : snapshot.tables) {
        for (const TableFile& file : table.files) {
            const std::size_t begin = file.path.find('/') + 1;  // _versions/<run>/...
            runs.insert(file.path.substr(begin, file.path.find('/', begin) - begin));
        }
    }
    return runs;
}

}  // namespace

Result<std::vector<std::uint64_t>> list_snapshots(const FileSystem& files) {
    std::vector<std::uint64_t> numbers;
    TRY_ASSIGN(const auto listed, list_or_empty(files, kDirectory));
    for (const FileInfo& file : listed) {
        const std::uint64_t n = std::strtoull(base_name(file.path).c_str(), nullptr, 10);
        if (file.path == snapshot_path(n)) numbers.push_back(n);
    }
    return numbers;
}

Result<Snapshot> read_snapshot(const FileSystem& files, std::uint64_t n) {
    const std::string path = snapshot_path(n);
    TRY_ASSIGN(const std::string content, files.read(path));
    auto snapshot = snapshot_from_json(content);
    if (!snapshot) {
        return error(snapshot.error().kind, "snapshot {}: {}", files.absolute(path),
                     snapshot.error().message);
    }
    if (snapshot.value().n != n) {
        return error(ErrorKind::bad_data, "snapshot {}: says it is number {}", files.absolute(path),
                     snapshot.value().n);
    }
    return snapshot;
}

Result<std::optional<Snapshot>> newest_snapshot(const FileSystem& files) {
    TRY_ASSIGN(const auto numbers, list_snapshots(files));
    if (numbers.empty()) return std::optional<Snapshot>();
    TRY_ASSIGN(Snapshot newest, read_snapshot(files, numbers.back()));
    return std::optional<Snapshot>(std::move(newest));
}

Result<void> commit(FileSystem& files, const Snapshot& snapshot) {
    const std::string content = to_json(snapshot);
    const std::string staged = fmt::format("{}{}", kStaged, snapshot.run);
    TRY(files.make_directories(kDirectory));
    TRY(files.write_durably(staged, content));
    TRY(failpoint(kSnapshotBeforeRename));
    const auto renamed = files.rename_no_replace(staged, snapshot_path(snapshot.n));
    if (!renamed) TRY(settle_commit(files, snapshot, content, renamed.error()));
    TRY(files.sync_directory(kDirectory));
    return failpoint(kSnapshotCommitted);
}

std::string make_run_id(std::uint64_t n, Timestamp now) {
    std::string time = format_rfc3339(now);
    std::erase_if(time,
                  [](char letter) { return letter == '-' || letter == ':' || letter == '.'; });
    return fmt::format("{:08}-{}", n, time);
}

Result<void> discard_unpublished(FileSystem& files, std::uint64_t newest_n) {
    TRY_ASSIGN(const auto runs, list_or_empty(files, "_versions"));
    for (const FileInfo& run : runs) {
        if (number_of(base_name(run.path)) > newest_n) TRY(files.remove_all(run.path));
    }
    TRY_ASSIGN(const auto control, list_or_empty(files, kDirectory));
    for (const FileInfo& file : control) {
        if (file.path.starts_with(kStaged)) TRY(files.remove(file.path));
    }
    return {};
}

// Files only flow from one snapshot to the next: what the oldest one left does not name, no later
// one names, unless the run is its own or younger.
Result<void> prune(FileSystem& files, Timestamp now) {
    TRY_ASSIGN(const auto pruned, prune_snapshots(files, now));
    if (!pruned) return {};
    const Snapshot& oldest = pruned->oldest;
    const auto needed = runs_of(oldest);
    // A run's dates may be needed for long, its dimensions and gold went with its snapshot.
    NamedPaths named;
    for (const auto& [name, table] : oldest.tables) {
        for (const TableFile& file : table.files) named.add(file.path);
    }
    for (const std::string& run : pruned->runs) {
        if (!needed.contains(run)) continue;
        TRY(failpoint(kSnapshotPruneVersion));
        TRY(remove_unnamed(files, "_versions/" + run, named));
    }
    for (const std::string_view folder : {"_versions", "_runs"}) {
        TRY_ASSIGN(const auto runs, list_or_empty(files, folder));
        for (const FileInfo& run : runs) {
            const std::string name = base_name(run.path);
            if (number_of(name) >= oldest.n || needed.contains(name)) continue;
            TRY(failpoint(kSnapshotPruneVersion));
            TRY(files.remove_all(run.path));
        }
    }
    return prune_reports(files);
}

Result<void> prune_reports(FileSystem& files) {
    TRY_ASSIGN(const auto runs, list_or_empty(files, "_runs"));
    for (std::size_t at = 0; at + kRunsKept < runs.size(); ++at) {
        TRY(files.remove_all(runs[at].path));
    }
    return {};
}

}  // namespace bassline::lake
