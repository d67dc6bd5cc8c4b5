// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "storage/file_system.hpp"

namespace bassline::storage {

/// Keeps a second process off a part of a local lake for as long as it lives; the kernel frees it
/// when the process dies, however it dies. It saves work and gives a clear message: that something
/// happens once rests on no-replace renames alone.
class ProcessLock {
public:
    /// The file `path` is made if missing and left empty. `doing`: what its holder is at, as in
    /// "another process (pid 7) is writing to the lake". Errors: `conflict` naming the holder's
    /// pid; `io`.
    static Result<std::unique_ptr<ProcessLock>> acquire(FileSystem& files, std::string_view path,
                                                        std::string_view doing);
    ~ProcessLock();
    ProcessLock(const ProcessLock&) = delete;
    ProcessLock& operator=(const ProcessLock&) = delete;

private:
    explicit ProcessLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
    bool held_ = false;
};

}  // namespace bassline::storage
