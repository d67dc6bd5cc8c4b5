// SPDX-License-Identifier: Apache-2.0
#include "compact/sweep.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/failpoint.hpp"
#include "compact/failpoints.hpp"
#include "lake/chain_archive.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"

namespace bassline::compact {
namespace {

using lake::Entry;
using storage::FileSystem;

// What one entry changes in one folder that readers list.
struct Folder {
    std::vector<std::string> shown;  // merged files
    std::vector<std::string> removed;
};

std::map<std::string, Folder> folders_of(const Entry& entry) {
    const auto folder_of = [](const std::string& path) {
        return std::string(storage::parent_path(lake::visible_path(path)));
    };
    std::map<std::string, Folder> folders;
    for (const lake::Output& output : entry.outputs) {
        folders[folder_of(output.final)].shown.push_back(output.final);
    }
    for (const lake::Replaced& replaced : entry.replaced) {
        folders[folder_of(replaced.final)].removed.push_back(replaced.final);
    }
    return folders;
}

Result<void> mark_swept(FileSystem& files, std::uint64_t entries) {
    const std::string staged = fmt::format("{}-staged", lake::kSweptMark);
    TRY(files.remove(staged));
    TRY(files.write_durably(staged, std::to_string(entries) + "\n"));
    TRY(failpoint(kSwept));
    return files.rename_over(staged, lake::kSweptMark);
}

// Both names may be as they should: after an interruption, or after the mark was lost.
Result<void> show(FileSystem& files, const std::string& merged) {
    auto linked = files.link(merged, lake::visible_path(merged));
    if (linked || linked.error().kind == ErrorKind::conflict ||
        linked.error().kind == ErrorKind::not_found) {
        return {};
    }
    return linked;
}

Result<void> remove_replaced(FileSystem& files, const std::string& path) {
    TRY(failpoint(kRemoved));
    const std::string visible = lake::visible_path(path);
    TRY(files.remove(visible));
    if (visible != path) TRY(files.remove(path));
    return {};
}

// The mark of a complete hour leaves with the hour's last file.
Result<bool> is_empty_but_for_mark(FileSystem& files, const std::string& folder) {
    const auto listed = files.list(folder);
    if (!listed && listed.error().kind == ErrorKind::not_found) return true;
    if (!listed) return listed.error();
    const bool has_others = std::ranges::any_of(
        listed.value(), [](const auto& file) { return !lake::is_complete_mark(file.path); });
    if (has_others) return false;
    for (const auto& mark : listed.value()) TRY(files.remove(mark.path));
    return true;
}

// An hour's folder, then its date's.
Result<void> remove_empty(FileSystem& files, std::string folder) {
    for (int level = 0; level < 2; ++level) {
        TRY_ASSIGN(const bool is_empty, is_empty_but_for_mark(files, folder));
        if (!is_empty) return {};
        const auto removed = files.remove(folder);
        if (!removed) return {};  // somebody has just put a file there
        folder = storage::parent_path(folder);
    }
    return {};
}

Result<void> sweep_entry(FileSystem& files, const Entry& entry) {
    const auto folders = folders_of(entry);
    for (const auto& [path, folder] : folders) {
        if (!folder.shown.empty()) TRY(files.make_directories(path));
        for (const std::string& merged : folder.shown) TRY(show(files, merged));
        TRY(failpoint(kShown));
        for (const std::string& replaced : folder.removed) TRY(remove_replaced(files, replaced));
    }
    for (const auto& [path, folder] : folders) {
        if (!folder.shown.empty()) {
            TRY(files.sync_directory(path));
        } else {
            TRY(remove_empty(files, path));
            TRY(remove_empty(files, lake::merged_path(path)));
        }
    }
    return mark_swept(files, entry.seq + 1);
}

}  // namespace

Result<SweepResult> sweep(FileSystem& files, std::uint64_t end, Timestamp now,
                          std::chrono::milliseconds grace) {
    SweepResult result;
    TRY_ASSIGN(const std::uint64_t first, lake::swept_entries(files));
    lake::EntryReader entries(files, lake::kCompactChain);
    const lake::CommitTime past_grace{.by = now - grace, .now = now};
    std::uint64_t old_end = first;
    bool is_waiting = false;  // and so does what follows
    for (std::uint64_t seq = first; seq < end; ++seq) {
        TRY_ASSIGN(const lake::ReadEntry read, entries.read(seq));
        const std::uint64_t replaced = read.entry.replaced.size();
        if (seq >= old_end && !is_waiting) {
            TRY_ASSIGN(old_end, lake::committed_until(entries, seq, end, past_grace));
            is_waiting = seq >= old_end;
        }
        if (is_waiting) {
            result.awaiting += replaced;
            continue;
        }
        TRY(sweep_entry(files, read.entry));
        result.removed += replaced;
    }
    return result;
}

}  // namespace bassline::compact
