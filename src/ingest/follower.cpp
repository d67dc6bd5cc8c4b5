// SPDX-License-Identifier: Apache-2.0
#include "ingest/follower.hpp"

#include <algorithm>
#include <tuple>

#include "ingest/fingerprint.hpp"

namespace bassline::ingest {
namespace {

using std::chrono::steady_clock;

// A writer reopens its log soon after the rename; later growth is found by content.
constexpr std::chrono::seconds kRenamedHeld{30};

Result<FileStatus> status_at(const std::string& path) {
    if (path == "-") return InputFile::standard_input()->status();
    TRY_ASSIGN(const auto file, InputFile::open(path));
    return file->status();
}

}  // namespace

void Follower::find_renamed() {
    for (auto held = held_.begin(); held != held_.end();) {
        const auto now = identity_at(held->first);
        if (now && now.value() == held->second.file->identity()) {
            ++held;
            continue;
        }
        renamed_.push_back({held->second, held->first, false, steady_clock::now()});
        held = held_.erase(held);
    }
}

std::vector<InputPath> Follower::changed(const std::vector<InputPath>& paths) {
    find_renamed();
    std::vector<InputPath> changed;
    std::vector<Written> not_held;
    for (const InputPath& path : paths) {
        const auto now = status_at(path.path);
        if (!now) {
            forget(path.path);
            changed.push_back(path);
            continue;
        }
        const Seen seen{now.value().identity, now.value().bytes};
        const auto [known, first] = seen_.try_emplace(path.path, seen);
        if (!first && known->second == seen) continue;
        known->second = seen;
        changed.push_back(path);
        if (path.path == "-") continue;
        if (const auto held = held_.find(path.path); held != held_.end()) {
            held->second.modified_ns = now.value().modified_ns;
        } else {
            not_held.push_back({now.value().modified_ns, path.path});
        }
    }
    open_newest(std::move(not_held));
    return changed;
}

// Opened before they are looked at and read, so that no rename in between can lose them.
void Follower::open_newest(std::vector<Written> changed) {
    for (const auto& [path, held] : held_) changed.push_back({held.modified_ns, path});
    std::ranges::sort(changed, [](const Written& left, const Written& right) {
        return std::tie(right.modified_ns, left.path) < std::tie(left.modified_ns, right.path);
    });
    const std::size_t room =
        std::min(changed.size(), held_max_ - std::min(held_max_, renamed_.size()));
    for (std::size_t i = room; i < changed.size(); ++i) held_.erase(changed[i].path);
    for (std::size_t i = 0; i < room; ++i) {
        const auto& [modified_ns, path] = changed[i];
        if (held_.contains(path)) continue;
        const auto file = InputFile::open(path);
        if (file) opened_[path] = {file.value(), modified_ns};
    }
}

std::vector<SourceToRead> Follower::renamed(const lake::FileSources& known) {
    std::vector<SourceToRead> sources;
    std::erase_if(renamed_, [](const Renamed& file) {
        return file.recorded && steady_clock::now() - file.grown > kRenamedHeld;
    });
    for (Renamed& file : renamed_) {
        const auto bytes = file.held.file->size();
        const std::uint64_t end = known.sources.at(file.held.source).end;
        if (!bytes || bytes.value() < end || (file.recorded && bytes.value() == end)) continue;
        file.recorded = true;
        file.grown = steady_clock::now();
        sources.push_back({.number = file.held.source,
                           .path = file.path,
                           .start = end,
                           .end = bytes.value(),
                           .input_bytes = bytes.value() - end,
                           .held = file.held.file,
                           .identity = file.held.file->identity(),
                           .closed = true});
    }
    return sources;
}

std::set<std::uint64_t> Follower::drained() const {
    std::set<std::uint64_t> sources;
    for (const Renamed& file : renamed_) sources.insert(file.held.source);
    return sources;
}

void Follower::hold(const lake::FileSources& known) {
    for (auto& [path, opened] : opened_) {
        const auto found = known.paths.find(path);
        if (found == known.paths.end()) continue;
        const auto now = fingerprint_at(opened.file, Encoding::plain, found->second.end);
        if (!now || now.value() != found->second.fingerprint) continue;
        held_[path] = {std::move(opened.file), found->second.source, opened.modified_ns};
    }
    opened_.clear();
}

}  // namespace bassline::ingest
