// SPDX-License-Identifier: Apache-2.0
#include "lake/lake.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

using storage::FileSystem;

constexpr std::string_view kStagedLakeFile = "_lake-";

Result<std::string> local_path(const std::string& uri) {
    constexpr std::string_view kFileScheme = "file://";
    if (uri.empty()) return error(ErrorKind::usage, "the lake's path is empty");
    const std::size_t colon = uri.find("://");
    if (colon == std::string::npos) return uri;
    if (!uri.starts_with(kFileScheme)) {
        return error(ErrorKind::usage,
                     "unknown lake URI scheme '{}': give a path or file:///path, got {}",
                     uri.substr(0, colon), uri);
    }
    std::string path = uri.substr(kFileScheme.size());
    if (!path.starts_with('/')) {
        return error(ErrorKind::usage, "a file URI needs three slashes, as in file:///path: {}",
                     uri);
    }
    return path;
}

// The engine that reads a lake's files takes their paths for patterns, and has none that matches
// such a path alone (duck/sql_text.hpp).
Result<void> check_path_is_readable(const std::string& path) {
    std::error_code code;
    const std::string root = std::filesystem::absolute(path, code).lexically_normal().string();
    const bool is_readable =
        root.find('\\') == std::string::npos || root.find_first_of("[*?") == std::string::npos;
    if (is_readable) return {};
    return error(
        ErrorKind::usage,
        "a lake's path cannot have a backslash together with [, * or ?: rename a folder or "
        "choose another, got {}",
        root);
}

Result<void> check_format(const FileSystem& files, const std::string& content) {
    const auto document = nlohmann::json::parse(content, nullptr, false);
    if (!document.is_object() || !document.contains("format") ||
        !document["format"].is_number_integer()) {
        return error(ErrorKind::bad_data, "{}/{} is damaged: no format number in it", files.root(),
                     kLakeFile);
    }
    const auto format = document["format"].get<std::int64_t>();
    if (format == kLakeFormat) return {};
    if (format > kLakeFormat) {
        return error(
            ErrorKind::config,
            "the lake {} has format {}, this program knows format {}; use a newer bassline",
            files.root(), format, kLakeFormat);
    }
    return error(ErrorKind::bad_data, "{}/{} is damaged: unknown format {}", files.root(),
                 kLakeFile, format);
}

// Errors: `not_found` if no lake was made in the directory yet.
Result<void> check_lake_file(const FileSystem& files) {
    TRY_ASSIGN(const std::string content, files.read(kLakeFile));
    return check_format(files, content);
}

// Staged first: a crash must not leave a torn lake file that no later start accepts.
Result<void> write_lake_file(FileSystem& files) {
    const std::string staged = fmt::format("{}{}.staged", kStagedLakeFile, ::getpid());
    TRY(files.remove(staged));
    TRY(files.write_durably(staged, nlohmann::json{{"format", kLakeFormat}}.dump() + "\n"));
    const auto renamed = files.rename_no_replace(staged, kLakeFile);
    if (!renamed) {  // another process may have made the lake meanwhile
        TRY_ASSIGN(const bool stands, files.exists(kLakeFile));
        if (!stands) return renamed.error();
        TRY(files.remove(staged));
    }
    return files.sync_directory("");
}

// What a process that died while making the lake left behind.
Result<void> remove_staged_lake_files(FileSystem& files) {
    TRY_ASSIGN(const auto entries, files.list(""));
    for (const auto& entry : entries) {
        if (entry.path.starts_with(kStagedLakeFile)) TRY(files.remove(entry.path));
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<FileSystem>> open_lake(const std::string& uri) {
    TRY_ASSIGN(const std::string path, local_path(uri));
    TRY(check_path_is_readable(path));
    if (auto existing = storage::open_local_read_only(path)) {  // before the probe writes into it
        const auto checked = check_lake_file(*existing.value());
        if (!checked && checked.error().kind != ErrorKind::not_found) return checked.error();
    }
    TRY_ASSIGN(std::unique_ptr<FileSystem> files, storage::open_local(path));
    TRY_ASSIGN(const bool stands, files->exists(kLakeFile));
    if (!stands) TRY(write_lake_file(*files));
    TRY(check_lake_file(*files));
    TRY(remove_staged_lake_files(*files));
    return files;
}

Result<std::unique_ptr<FileSystem>> open_lake_read_only(const std::string& uri) {
    TRY_ASSIGN(const std::string path, local_path(uri));
    TRY(check_path_is_readable(path));
    auto opened = storage::open_local_read_only(path);
    if (!opened) {
        return error(opened.error().kind, "there is no lake at {}: {}", path,
                     opened.error().message);
    }
    std::unique_ptr<FileSystem> files = std::move(opened).value();
    auto checked = check_lake_file(*files);
    if (!checked && checked.error().kind == ErrorKind::not_found) {
        return error(ErrorKind::not_found, "there is no lake at {}: it holds no {}", files->root(),
                     kLakeFile);
    }
    if (!checked) return std::move(checked).error();
    return files;
}

}  // namespace bassline::lake
