// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "base/result.hpp"
#include "storage/file_system.hpp"

namespace bassline::models {

/// One build at a time on a lake: an advisory lock on `_snapshots/lock`, which the kernel releases
/// with its holder. The snapshot's number is decided by its rename anyway; the lock only spares the
/// loser the work.
class BuildLock {
public:
    /// Errors: `conflict` naming the process that builds; `io`.
    static Result<BuildLock> take(storage::FileSystem& files);
    BuildLock(BuildLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    BuildLock& operator=(BuildLock&&) = delete;
    ~BuildLock();

private:
    explicit BuildLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace bassline::models
