// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simulator/catalogue.hpp"

// What tests of the simulator share.
namespace bassline::simulator {

inline constexpr std::int64_t kTestFromS = 1'757'289'600;  // 2025-09-08T00:00:00Z

/// The catalogue that the program carries, loaded once.
inline const Catalogue& test_catalogue() {
    static const Catalogue kLoaded = Catalogue::embedded().value();
    return kLoaded;
}

}  // namespace bassline::simulator
