// SPDX-License-Identifier: Apache-2.0
#include "storage/file_system.hpp"

#include <set>

namespace bassline::storage {

Result<void> sync_directories_of(FileSystem& files, const std::vector<std::string>& paths) {
    std::set<std::string, std::less<>> directories;
    for (const std::string& path : paths) {
        std::string_view parent = parent_path(path);
        while (directories.emplace(parent).second && !parent.empty()) parent = parent_path(parent);
    }
    for (const std::string& directory : directories) TRY(files.sync_directory(directory));
    return {};
}

std::string_view parent_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

Result<bool> FileSystem::exists(std::string_view path) const {
    auto info = stat(path);
    if (info) return true;
    if (info.error().kind == ErrorKind::not_found) return false;
    return std::move(info).error();
}

Result<FileDigest> FileSystem::write_durably(std::string_view path, std::string_view bytes) {
    TRY_ASSIGN(const std::unique_ptr<WritableFile> file, create(path));
    TRY(file->append(bytes));
    TRY_ASSIGN(FileDigest digest, file->close_durably());
    TRY(sync_directory(parent_path(path)));
    return digest;
}

}  // namespace bassline::storage
