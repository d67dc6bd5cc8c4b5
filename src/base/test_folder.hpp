// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace bassline {

/// An empty folder for a test, below TMPDIR (memory, if tools/test found room there); the test
/// removes it.
inline std::string make_test_folder(const std::string& name) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / ("bassline-" + name + "-XXXXXX")).string();
    return ::mkdtemp(pattern.data());
}

}  // namespace bassline
