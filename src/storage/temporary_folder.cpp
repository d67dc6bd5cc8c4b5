// SPDX-License-Identifier: Apache-2.0
#include "storage/temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"

namespace bassline::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "bassline-";
constexpr const char* kLock = "lock";

void remove_folder(const fs::path& folder) {
    std::error_code code;
    fs::remove_all(folder, code);
    if (code)
        log_warn("cannot remove the temporary folder {}: {}", folder.string(), code.message());
}

bool is_own(const fs::path& folder) {
    struct stat status {};
    return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::geteuid();
}

// A folder without a lock file is not ours, or its owner is about to make one.
void remove_if_abandoned(const fs::path& folder) {
    if (!is_own(folder)) return;
    const int lock = ::open((folder / kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0) return;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) remove_folder(folder);
    ::close(lock);
}

void remove_abandoned(const std::string& parent) {
    std::error_code code;
    for (fs::directory_iterator entry(parent, code), end; !code && entry != end;
         entry.increment(code)) {
        if (entry->path().filename().string().starts_with(kPrefix))
            remove_if_abandoned(entry->path());
    }
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::make(const std::string& parent, const std::string& name) {
    remove_abandoned(parent);
    std::error_code code;
    fs::create_directories(parent, code);  // should it fail, so does mkdtemp
    std::string folder = fmt::format("{}/{}{}-XXXXXX", parent, kPrefix, name);
    if (::mkdtemp(folder.data()) == nullptr)
        return error(ErrorKind::io, "cannot create the temporary folder {}: {}", folder,
                     std::generic_category().message(errno));
    // Locked under another name first: once the lock file has its name, nobody can take the folder
    // for abandoned.
    const std::string unnamed = fmt::format("{}/{}-staged", folder, kLock);
    TemporaryFolder made(folder, ::open(unnamed.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const bool is_locked = made.lock_ >= 0 && ::flock(made.lock_, LOCK_EX | LOCK_NB) == 0;
    if (!is_locked || ::rename(unnamed.c_str(), (fs::path(folder) / kLock).c_str()) != 0) {
        return error(ErrorKind::io, "cannot lock the temporary folder {}", folder);
    }
    return made;
}

TemporaryFolder::~TemporaryFolder() {
    if (!path_.empty()) remove_folder(path_);
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace bassline::storage
