// SPDX-License-Identifier: Apache-2.0
#include "ingest/input_paths.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include <fnmatch.h>

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

// Files below `folder` that match parts[at..].
void match(const fs::path& folder, const Parts& parts, std::size_t at,
           std::vector<std::string>& found, std::vector<Error>& unlisted) {
    const bool last = at + 1 == parts.size();
    const bool any_depth = parts[at] == "**";
    if (any_depth && !last) match(folder, parts, at + 1, found, unlisted);
    for (const fs::path& entry : entries_of(folder, unlisted)) {
        std::error_code code;
        const std::string name = entry.filename().string();
        const bool matches = any_depth
                                 ? !name.starts_with('.')
                                 : ::fnmatch(parts[at].c_str(), name.c_str(), FNM_PERIOD) == 0;
        if (!matches) continue;
        const bool folder_too = fs::is_directory(entry, code);
        if (last && !folder_too) found.push_back(absolute_path(entry));
        // A link to a folder may lead back up; `**` does not follow it.
        if (any_depth && folder_too && !fs::is_symlink(entry, code)) {
            match(entry, parts, at, found, unlisted);
        }
        if (!any_depth && !last && folder_too) match(entry, parts, at + 1, found, unlisted);
    }
}

std::vector<std::string> expand_glob(const std::string& pattern, std::vector<Error>& unlisted) {
    Parts parts;
    fs::path base;
    for (const fs::path& part : fs::path(absolute_path(pattern))) {
        if (parts.empty() && !is_pattern(part.string())) {
            base /= part;
        } else {
            parts.push_back(part.string());
        }
    }
    std::vector<std::string> found;
    match(base, parts, 0, found, unlisted);
    return found;
}

}  // namespace

InputPaths expand_inputs(const std::vector<std::string>& inputs) {
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
            const auto found = expand_glob(input, expanded.missing);
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
