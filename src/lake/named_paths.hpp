// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/file_system.hpp"

// Folders of which a snapshot says what belongs into them.
namespace bassline::lake {

/// Files and all folders above them.
class NamedPaths {
public:
    void add(std::string_view path) {
        while (!path.empty() && paths_.emplace(path).second) path = storage::parent_path(path);
    }
    bool contains(const std::string& path) const { return paths_.contains(path); }

private:
    std::set<std::string> paths_;
};

/// Removes everything below the folder that is not named; a missing folder is fine.
Result<void> remove_unnamed(storage::FileSystem& files, const std::string& folder,
                            const NamedPaths& named);

}  // namespace bassline::lake
