// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

// Draws by weight in O(1), by alias tables: a slot chosen evenly by u stands for itself up to its
// threshold in v, and for its alias above. Weights are integers and the arithmetic is plain IEEE,
// so a draw is the same on every machine. Immutable; shared by threads.
namespace bassline::simulator {

/// One index out of all.
class WeightedDraw {
public:
    WeightedDraw() = default;
    /// At least one weight is above zero.
    explicit WeightedDraw(std::span<const std::uint32_t> weights);

    /// u and v are in [0, 1).
    std::uint32_t draw(double u, double v) const;

private:
    friend class GroupedDraw;
    struct Slot {
        float threshold;
        std::uint32_t alias;
    };

    static void fill(std::span<Slot> slots, std::span<const std::uint32_t> weights);
    static std::uint32_t draw(std::span<const Slot> slots, double u, double v);

    std::vector<Slot> slots_;
};

/// One index out of those in the same group.
class GroupedDraw {
public:
    GroupedDraw() = default;
    /// Groups are numbered from 0 to below `group_count`; each that is drawn from has a weight
    /// above zero.
    GroupedDraw(std::span<const std::uint32_t> group_of, std::span<const std::uint32_t> weights,
                std::uint32_t group_count);

    /// How many indices are in the group of this one.
    std::uint32_t group_size(std::uint32_t index) const;
    std::uint32_t draw(std::uint32_t index, double u, double v) const;

private:
    std::vector<std::uint32_t> group_of_;
    std::vector<std::uint32_t> begin_;    // of each group in the two below, and the end
    std::vector<std::uint32_t> members_;  // indices by group
    std::vector<WeightedDraw::Slot> slots_;
};

}  // namespace bassline::simulator
