// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
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
    std::set<std::string> lakes;   // folders of lakes that globs met and did not enter
};

/// The files that the inputs name: files, folders (not searched deeper), globs (`*`, `?`, `[...]`
/// within a name, `**` for any folders) and `-`. No glob enters `lake`, the folder that is written
/// (empty: none), and `**` enters no lake: what is written there would be read again as input.
InputPaths expand_inputs(const std::vector<std::string>& inputs, const std::string& lake = "");

}  // namespace bassline::ingest
