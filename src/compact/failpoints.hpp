// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// The named places of a compaction where a test can stop the program, in order of time; those of
// the commit itself are the chain's (lake/failpoints.hpp).
namespace bassline::compact {

inline constexpr std::string_view kClaimed = "compact.claimed";
inline constexpr std::string_view kMerged = "compact.merged";  // once a file
inline constexpr std::string_view kSealed = "compact.sealed";
inline constexpr std::string_view kPublished = "compact.published";
inline constexpr std::string_view kShown = "compact.shown";      // once a folder: both stand there
inline constexpr std::string_view kRemoved = "compact.removed";  // once a file
inline constexpr std::string_view kSwept = "compact.swept";

}  // namespace bassline::compact
