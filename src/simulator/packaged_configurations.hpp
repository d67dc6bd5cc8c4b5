// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

// The configurations inside the program: the files of src/simulator/config, byte for byte.
namespace bassline::simulator {

struct PackagedConfiguration {
    std::string_view name;  // "stock"
    std::string_view text;
};

std::span<const PackagedConfiguration> packaged_configurations();

}  // namespace bassline::simulator
