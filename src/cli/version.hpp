// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bassline::cli {

/// Version, commit, and the versions of the libraries that decide what we write and compute.
std::string version_text();

}  // namespace bassline::cli
