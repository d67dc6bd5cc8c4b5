// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "storage/file_system.hpp"

namespace bassline::storage {

/// A FileSystem over a local directory, which is created if missing.
///
/// Commits use renameat2(RENAME_NOREPLACE). At start the mount is probed: a no-replace rename over
/// an existing name must refuse. Errors: `config` naming the mount if its rename replaces, `io` if
/// the directory cannot be made or written.
Result<std::unique_ptr<FileSystem>> open_local(const std::string& directory);

/// The same without creating or probing, for readers. Errors: `not_found` if the directory is
/// missing.
Result<std::unique_ptr<FileSystem>> open_local_read_only(const std::string& directory);

/// Renames a file or directory, given by any path, unless there is something of the new name, on
/// mounts without RENAME_NOREPLACE too. Errors: `conflict` if there is; `not_found`, `io`.
Result<void> rename_local_no_replace(const std::string& from, const std::string& to);

/// Makes the names in a directory, given by any path, durable. Errors: `not_found`, `io`.
Result<void> sync_local_directory(const std::string& directory);

}  // namespace bassline::storage
