// SPDX-License-Identifier: Apache-2.0
#include "lake/named_paths.hpp"

namespace bassline::lake {

Result<void> remove_unnamed(storage::FileSystem& files, const std::string& folder,
                            const NamedPaths& named) {
    const auto listed = files.list(folder);
    if (!listed && listed.error().kind == ErrorKind::not_found) return {};
    if (!listed) return listed.error();
    for (const storage::FileInfo& entry : listed.value()) {
        if (!named.contains(entry.path)) {
            TRY(files.remove_all(entry.path));
        } else if (entry.is_directory) {
            TRY(remove_unnamed(files, entry.path, named));
        }
    }
    return {};
}

}  // namespace bassline::lake
