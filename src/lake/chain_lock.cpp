// SPDX-License-Identifier: Apache-2.0
#include "lake/chain_lock.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "lake/names.hpp"

namespace bassline::lake {
namespace {

// The pid the holder wrote, or "unknown" in the instant before it did.
std::string holder(int fd) {
    char text[32] = {};
    const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "unknown";
}

}  // namespace

Result<std::unique_ptr<ChainLock>> ChainLock::acquire(storage::FileSystem& files,
                                                      std::string_view chain) {
    TRY(files.make_directories(chain_directory(chain)));
    const std::string path = files.absolute(chain_lock_path(chain));
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return error(ErrorKind::io, "cannot open {}: {}", path,
                     std::generic_category().message(errno));
    }
    std::unique_ptr<ChainLock> lock(new ChainLock(fd));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return error(ErrorKind::io, "cannot lock {}: {}", path,
                         std::generic_category().message(errno));
        }
        return error(ErrorKind::conflict,
                     "another process (pid {}) is writing to the lake {}; wait for it or stop it",
                     holder(fd), files.root());
    }
    lock->held_ = true;
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd, 0) != 0 ||
        ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return error(ErrorKind::io, "cannot write {}: {}", path,
                     std::generic_category().message(errno));
    }
    return lock;
}

ChainLock::~ChainLock() {
    ::close(fd_);
}

}  // namespace bassline::lake
