// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

// A folder that is removed with all that is in it, by its owner or, should the owner be killed, by
// the next one.
//
// The owner holds an advisory lock on `<folder>/lock`, which the kernel releases with the process:
// a folder whose lock can be taken belongs to nobody any more.
namespace bassline::storage {

class TemporaryFolder {
public:
    /// Makes `<parent>/bassline-<name>-<six random letters>`, for the user alone, and removes what
    /// the user's killed processes left in `parent`. Errors: `io`.
    static Result<TemporaryFolder> make(const std::string& parent, const std::string& name);
    TemporaryFolder(TemporaryFolder&& other) noexcept
        : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    ~TemporaryFolder();

    const std::string& path() const { return path_; }

private:
    TemporaryFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::string path_;  // empty when moved from
    int lock_;
};

}  // namespace bassline::storage
