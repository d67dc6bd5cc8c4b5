// SPDX-License-Identifier: Apache-2.0
#include "ingest/input_paths.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include <fnmatch.h>

#include "lake/names.hpp"

namespace bassline::ingest {
namespace {

namespace fs = std::filesystem;

bool is_pattern(const std::string& part) {
    return part.find_first_of("*?[") != std::string::npos;
}

std::string absolute_path(const fs::path& path) {
    std::error_code code;
    std::string text = fs::absolute(path, code).lexically_normal().string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

// Entries of a folder, sorted. What cannot be listed is told; one that went meanwhile is empty.
std::vector<fs::path> entries_of(const fs::path& folder, std::vector<Error>& unlisted) {
    std::vector<fs::path> entries;
    std::error_code code;
    for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
        entries.push_back(at->path());
    }
    if (code && code != std::errc::no_such_file_or_directory) {
        unlisted.push_back(
            error(ErrorKind::io, "cannot list {}: {}", folder.string(), code.message()));
    }
    std::ranges::sort(entries);
    return entries;
}

using Parts = std::vector<std::string>;

struct Search {
    fs::path lake;  // without links; empty: none
    std::vector<std::string> found;
    InputPaths& expanded;  // takes what cannot be listed, and lakes
};

bool is_inside(const fs::path& folder, const fs::path& other) {
    if (other.empty()) return false;
    std::error_code code;
    const fs::path real = fs::weakly_canonical(folder, code);
    return std::ranges::mismatch(other, real).in1 == other.end();
}

// Whether `**` (any_depth) or another part of a glob stays out of the folder; tells the lake.
bool is_left_out(const fs::path& folder, bool any_depth, Search& search) {
    std::error_code code;
    if (is_inside(folder, search.lake)) {
        search.expanded.lakes.insert(search.lake.string());
        return true;
    }
    if (!any_depth || !fs::exists(folder / lake::kLakeFile, code)) return false;
    search.expanded.lakes.insert(absolute_path(folder));
    return true;
}

// Files below `folder` that match parts[at..].
void match(const fs::path& folder, const Parts& parts, std::size_t at, Search& search) {
    const bool last = at + 1 == parts.size();
    const bool any_depth = parts[at] == "**";
    if (any_depth && !last) match(folder, parts, at + 1, search);
    for (const fs::path& entry : entries_of(folder, search.expanded.missing)) {
        std::error_code code;
        const std::string name = entry.filename().string();
        const bool matches = any_depth
                                 ? !name.starts_with('.')
                                 : ::fnmatch(parts[at].c_str(), name.c_str(), FNM_PERIOD) == 0;
        if (!matches) continue;
        const bool folder_too = fs::is_directory(entry, code);
        if (last && !folder_too) search.found.push_back(absolute_path(entry));
        // A link to a folder may lead back up; `**` does not follow it.
        const bool goes_on = folder_too && (any_depth ? !fs::is_symlink(entry, code) : !last);
        if (!goes_on || is_left_out(entry, any_depth, search)) continue;
        match(entry, parts, any_depth ? at : at + 1, search);
    }
}

std::vector<std::string> expand_glob(const std::string& pattern, const std::string& lake,
                                     InputPaths& expanded) {
    Parts parts;
    fs::path base;
    for (const fs::path& part : fs::path(absolute_path(pattern))) {
        if (parts.empty() && !is_pattern(part.string())) {
            base /= part;
        } else {
            parts.push_back(part.string());
        }
    }
    std::error_code code;
    Search search{
        .lake = lake.empty() ? fs::path() : fs::weakly_canonical(absolute_path(lake), code),
        .expanded = expanded};
    if (!is_left_out(base, false, search)) match(base, parts, 0, search);
    return std::move(search.found);
}

}  // namespace

InputPaths expand_inputs(const std::vector<std::string>& inputs, const std::string& lake) {
    InputPaths expanded;
    std::map<std::string, bool> named;  // by path
    for (const std::string& input : inputs) {
        std::error_code code;
        if (input == "-") {
            named["-"] = true;
        } else if (fs::is_directory(input, code)) {
            for (const fs::path& entry : entries_of(input, expanded.missing)) {
                if (!fs::is_directory(entry, code)) named.try_emplace(absolute_path(entry), false);
            }
        } else if (fs::exists(input, code) || code || !is_pattern(input)) {
            if (!fs::exists(input, code) && !code) {
                expanded.missing.push_back(
                    error(ErrorKind::not_found, "there is no file or folder {}", input));
            } else {
                named[absolute_path(input)] = true;
            }
        } else {
            const auto found = expand_glob(input, lake, expanded);
            for (const std::string& path : found) named[path] = true;
            if (found.empty()) {
                expanded.missing.push_back(
                    error(ErrorKind::not_found, "no file matches {}", input));
            }
        }
    }
    for (const auto& [path, by_name] : named) expanded.paths.push_back({path, by_name});
    return expanded;
}

}  // namespace bassline::ingest
