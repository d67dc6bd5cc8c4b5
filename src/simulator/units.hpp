// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Lengths of time that the simulator counts in.
namespace bassline::simulator {

inline constexpr std::int64_t kMillisecond = 1000;  // of a second
inline constexpr std::int64_t kDaySeconds = 86'400;
inline constexpr double kYearSeconds = 31'557'600;  // 365.25 days

}  // namespace bassline::simulator
