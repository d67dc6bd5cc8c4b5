// SPDX-License-Identifier: Apache-2.0
#include "lake/projection.hpp"

#include <set>

#include "base/failpoint.hpp"
#include "lake/named_paths.hpp"
#include "lake/names.hpp"

namespace bassline::lake {
namespace {

using storage::FileSystem;

constexpr std::string_view kMark = "_snapshots/projected";
constexpr std::string_view kMarkStaged = "_snapshots/projected-staged";
constexpr std::string_view kSecondName = "_snapshots/projecting";
constexpr std::string_view kProjectedLayers[] = {"silver", "gold"};

bool is_projected(const Table& table) {
    return table.layer == "silver" || table.layer == "gold";
}

// Number of the snapshot that the fixed names show; 0 if none, or if the mark cannot be read.
Result<std::uint64_t> projected_number(const FileSystem& files) {
    const auto mark = files.read(kMark);
    if (!mark && mark.error().kind == ErrorKind::not_found) return std::uint64_t{0};
    if (!mark) return mark.error();
    return std::uint64_t{std::strtoull(mark.value().c_str(), nullptr, 10)};
}

// Versions that certainly stand under their fixed names: those of the snapshot that was projected
// last. A later projection that was interrupted can only have replaced files which its successors
// replaced too.
Result<std::set<std::string>> versions_in_place(const FileSystem& files, std::uint64_t projected) {
    std::set<std::string> versions;
    if (projected == 0) return versions;
    const auto snapshot = read_snapshot(files, projected);
    if (!snapshot) return versions;  // pruned: project everything again
    for (const auto& [name, table] : snapshot.value().tables) {
        for (const TableFile& file : table.files) versions.insert(file.path);
    }
    return versions;
}

// Renaming one name of a file over another of its names does nothing and leaves both, so the second
// name is removed before it is made and after it was used.
Result<void> project_file(FileSystem& files, const std::string& version, const std::string& fixed) {
    TRY(failpoint(kSnapshotProjectFile));
    TRY(files.make_directories(storage::parent_path(fixed), storage::NewNames::synced_by_caller));
    TRY(files.remove(kSecondName));
    TRY(files.link(version, kSecondName));
    TRY(files.rename_over(kSecondName, fixed));
    return files.remove(kSecondName);
}

Result<void> mark_projected(FileSystem& files, std::uint64_t n) {
    TRY(files.remove(kMarkStaged));
    TRY(files.write_durably(kMarkStaged, std::to_string(n) + "\n"));
    TRY(files.rename_over(kMarkStaged, kMark));
    return files.sync_directory(storage::parent_path(kMark));
}

}  // namespace

std::string projected_path(std::string_view layer, std::string_view table,
                           std::string_view event_date) {
    if (event_date.empty()) return fmt::format("{}/{}/{}.parquet", layer, table, table);
    return fmt::format("{}/{}/event_date={}/{}.parquet", layer, table, event_date, table);
}

Result<void> project(FileSystem& files, const Snapshot& newest) {
    TRY_ASSIGN(const std::uint64_t projected, projected_number(files));
    if (projected == newest.n) return {};
    TRY_ASSIGN(const auto in_place, versions_in_place(files, projected));
    NamedPaths wanted;
    std::vector<std::string> replaced;
    for (const auto& [name, table] : newest.tables) {
        if (!is_projected(table)) continue;
        for (const TableFile& file : table.files) {
            const std::string fixed = projected_path(table.layer, name, file.event_date);
            wanted.add(fixed);
            if (in_place.contains(file.path)) continue;
            TRY(project_file(files, file.path, fixed));
            replaced.push_back(fixed);
        }
    }
    TRY(storage::sync_directories_of(files, replaced));
    for (const std::string_view layer : kProjectedLayers) {
        TRY(remove_unnamed(files, std::string(layer), wanted));
    }
    TRY(failpoint(kSnapshotProjectDone));
    return mark_projected(files, newest.n);
}

}  // namespace bassline::lake
