// SPDX-License-Identifier: Apache-2.0
#include "models/build_lock.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace bassline::models {
namespace {

std::string holder_of(int descriptor) {
    char text[32] = {};
    const ssize_t size = ::pread(descriptor, text, sizeof text - 1, 0);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "unknown";
}

void write_holder(int descriptor) {
    const std::string pid = std::to_string(::getpid());
    // For people only: an error here costs the name in another build's message.
    if (::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0)
        return;
}

}  // namespace

Result<BuildLock> BuildLock::take(storage::FileSystem& files) {
    TRY(files.make_directories("_snapshots"));
    const std::string path = files.absolute("_snapshots/lock");
    BuildLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (lock.descriptor_ < 0)
        return error(ErrorKind::io, "cannot open {}: {}", path, std::strerror(errno));
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return error(ErrorKind::io, "cannot lock {}: {}", path, std::strerror(errno));
        return error(ErrorKind::conflict, "another build is running on {} (process {})",
                     files.root(), holder_of(lock.descriptor_));
    }
    write_holder(lock.descriptor_);
    return lock;
}

BuildLock::~BuildLock() {
    if (descriptor_ < 0) return;
    // A finished build leaves no trace, so that one with nothing to do changes no byte of the lake.
    if (::ftruncate(descriptor_, 0) != 0) errno = 0;
    ::close(descriptor_);
}

}  // namespace bassline::models
