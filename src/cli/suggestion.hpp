// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bassline::cli {

/// The candidate nearest to a mistyped word by edit distance, or empty if none is within a third of
/// its length.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bassline::cli
