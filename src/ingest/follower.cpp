// SPDX-License-Identifier: Apache-2.0
#include "ingest/follower.hpp"

#include <algorithm>

#include "ingest/fingerprint.hpp"

namespace bassline::ingest {
namespace {

using std::chrono::steady_clock;

// A writer reopens its log soon after the rename; later growth is found by content.
constexpr std::chrono::seconds kRenamedHeld{30};

}  // namespace

std::vector<InputPath> Follower::changed(const std::vector<InputPath>& paths) {
    for (auto held = held_.begin(); held != held_.end();) {
        const auto now = identity_at(held->first);
        if (now && now.value() == held->second.file->identity()) {
            ++held;
            continue;
        }
        renamed_.push_back({held->second, held->first, false, steady_clock::now()});
        held = held_.erase(held);
    }
    std::vector<InputPath> changed;
    for (const InputPath& path : paths) {
        const auto file = path.path == "-" ? InputFile::standard_input() : nullptr;
        const auto opened = file ? Result(file) : InputFile::open(path.path);
        const auto bytes = opened ? opened.value()->size() : Result<std::uint64_t>(0);
        const Seen now{opened ? opened.value()->identity() : FileIdentity{},
                       bytes ? bytes.value() : 0};
        const auto [seen, first] = seen_.try_emplace(path.path, now);
        if (!first && seen->second == now) continue;
        seen->second = now;
        // Opened before it is looked at and read, so that no rename in between can lose it.
        if (opened && path.path != "-" && !held_.contains(path.path)) {
            opened_[path.path] = opened.value();
        }
        changed.push_back(path);
    }
    return changed;
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
    for (auto& [path, file] : opened_) {
        const auto found = known.paths.find(path);
        if (found == known.paths.end()) continue;
        const auto now = fingerprint_at(file, Encoding::plain, found->second.end);
        if (!now || now.value() != found->second.fingerprint) continue;
        held_[path] = {std::move(file), found->second.source};
    }
    opened_.clear();
}

}  // namespace bassline::ingest
