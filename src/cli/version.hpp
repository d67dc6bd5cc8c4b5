// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bassline::cli {

/// Such as "0.1.0", and the commit it was built from.
std::string program_version();
std::string program_commit();

/// Version, commit, and the versions of the libraries that decide what we write and compute.
std::string version_text();

}  // namespace bassline::cli
