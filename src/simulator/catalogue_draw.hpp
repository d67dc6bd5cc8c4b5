// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

// Draws by weight in O(1), by alias tables: a slot chosen evenly by u stands for itself up to its
// threshold in v, and for its alias above. Weights are integers and the arithmetic is plain IEEE,
// so a draw is the same on every machine. Immutable; shared by threads.
namespace bassline::simulator {

class WeightedDraw {
public:
    WeightedDraw() = default;
    /// At least one weight is above zero.
    explicit WeightedDraw(std::span<const std::uint32_t> weights);

    /// u and v are in [0, 1).
    std::uint32_t draw(double u, double v) const;

private:
    struct Slot {
        float threshold;
        std::uint32_t alias;
    };

    std::vector<Slot> slots_;
};

}  // namespace bassline::simulator
