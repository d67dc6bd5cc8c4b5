// SPDX-License-Identifier: Apache-2.0
#include "storage/process_lock.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace bassline::storage {
namespace {

// The pid the holder wrote, or "unknown" in the instant before it did.
std::string holder(int descriptor) {
    char text[32] = {};
    const ssize_t got = ::pread(descriptor, text, sizeof text - 1, 0);
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "unknown";
}

Error lock_failed(std::string_view what, std::string_view path) {
    return error(ErrorKind::io, "cannot {} {}: {}", what, path,
                 std::generic_category().message(errno));
}

}  // namespace

Result<std::unique_ptr<ProcessLock>> ProcessLock::acquire(FileSystem& files, std::string_view path,
                                                          std::string_view doing) {
    TRY(files.make_directories(parent_path(path)));
    const std::string absolute = files.absolute(path);
    const int descriptor = ::open(absolute.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return lock_failed("open", absolute);
    std::unique_ptr<ProcessLock> lock(new ProcessLock(descriptor));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return lock_failed("lock", absolute);
        return error(ErrorKind::conflict,
                     "another process (pid {}) is {} the lake {}; wait for it or stop it",
                     holder(descriptor), doing, files.root());
    }
    lock->held_ = true;
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return lock_failed("write", absolute);
    }
    return lock;
}

ProcessLock::~ProcessLock() {
    // No trace is left, so that who had nothing to do has changed no byte of the lake.
    if (held_ && ::ftruncate(descriptor_, 0) != 0) errno = 0;
    ::close(descriptor_);
}

}  // namespace bassline::storage
