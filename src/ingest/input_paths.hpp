// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace bassline::ingest {

/// One file of the input.
struct InputPath {
    std::string path;    // absolute, normal; "-" for standard input
    bool named = false;  // by the user, himself or by a glob; a folder's files are looked at first
};

struct InputPaths {
    std::vector<InputPath> paths;  // each once, sorted
    std::vector<Error> missing;    // inputs that name nothing or cannot be listed
};

/// The files that the inputs name: files, folders (not searched deeper), globs (`*`, `?`, `[...]`
/// within a name, `**` for any folders) and `-`.
InputPaths expand_inputs(const std::vector<std::string>& inputs);

}  // namespace bassline::ingest
