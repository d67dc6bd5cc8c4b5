// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace bassline::storage {

/// Raises this process's soft limit of open files, often 1024, as far as the hard limit allows: a
/// batch of many hours keeps a staged file open for each, a build one for each date of each table
/// that it writes. A limit that cannot be raised stays as it is.
void raise_open_file_limit();

/// How many files this process may have open, as the limit now stands, at most what it is raised
/// to.
std::size_t open_file_limit();

}  // namespace bassline::storage
