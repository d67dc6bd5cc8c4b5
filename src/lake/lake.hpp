// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "storage/file_system.hpp"

namespace bassline::lake {

/// Opens the lake at a path or `file:///path` for writing: creates it if missing, probes its mount,
/// checks its format
/// (`_lake.json`).
/// Errors: `usage` for an unknown URI scheme or a path that the engine cannot read; `config` for a
/// lake of a newer format or an unsafe mount; `io`.
Result<std::unique_ptr<storage::FileSystem>> open_lake(const std::string& uri);

/// The same for readers: nothing is created. Errors: `not_found` if there is no lake.
Result<std::unique_ptr<storage::FileSystem>> open_lake_read_only(const std::string& uri);

}  // namespace bassline::lake
