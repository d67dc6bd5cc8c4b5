// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "storage/file_system.hpp"

namespace bassline::lake {

/// Keeps a second process off a chain of a local lake for as long as it lives; the kernel frees it
/// when the process dies, however it dies. It saves work and gives a clear message: that a batch
/// happens once rests on the no-replace rename of its entry alone.
class ChainLock {
public:
    /// Errors: `conflict` naming the holder's pid; `io`.
    static Result<std::unique_ptr<ChainLock>> acquire(storage::FileSystem& files,
                                                      std::string_view chain);
    ~ChainLock();
    ChainLock(const ChainLock&) = delete;
    ChainLock& operator=(const ChainLock&) = delete;

private:
    explicit ChainLock(int fd) : fd_(fd) {}
    int fd_;
    bool held_ = false;
};

}  // namespace bassline::lake
