// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// The named places of a replay where a test can stop the program, in order of time; sealing, commit
// and sweep are those of compact/failpoints.hpp and lake/failpoints.hpp.
namespace bassline::replay {

inline constexpr std::string_view kJudged = "replay.judged";  // once a portion, nothing is written
inline constexpr std::string_view kRewritten = "replay.rewritten";  // once an entry of ingest
inline constexpr std::string_view kMerged = "replay.merged";        // once a file
inline constexpr std::string_view kCommitted = "replay.committed";  // before the sweep

}  // namespace bassline::replay
