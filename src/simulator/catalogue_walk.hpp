// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

// Steps from an index to another one of its group, such that a walk of many steps visits each index
// in proportion to its weight, and never stays where it is.
//
// A group is a circle on which each index has an arc as long as its weight. A step goes from a
// point of the own arc, evenly drawn, on by a length that is evenly drawn between the longest arc
// and the rest of the circle: rotations leave an even distribution over the circle even, and this
// one leaves every arc. Where one arc is over half of its circle there is no such step; there a
// step ends anywhere, by weight. O(1) in the mean; plain IEEE arithmetic, so the same on every
// machine. Immutable; shared by threads.
namespace bassline::simulator {

class GroupWalk {
public:
    GroupWalk() = default;
    /// Groups are numbered from 0 to below `group_count`. No step begins at a weight of zero.
    GroupWalk(std::span<const std::uint32_t> group_of, std::span<const double> weights,
              std::uint32_t group_count);

    /// u and v are independent uniforms of [0, 1).
    std::uint32_t step(std::uint32_t from, double u, double v) const;

private:
    struct Group {
        std::uint32_t begin = 0;  // in members_, ends_ and guide_
        std::uint32_t size = 0;
        double length = 0;  // of the circle
        double leap = 0;    // the least step
    };

    double arc_begin(const Group& group, std::uint32_t at) const {
        return at == group.begin ? 0 : ends_[at - 1];
    }
    void lay_guide(const Group& group);

    std::vector<std::uint32_t> group_of_;
    std::vector<std::uint32_t> place_of_;  // in members_
    std::vector<Group> groups_;
    std::vector<std::uint32_t> members_;  // indices by group
    std::vector<double> ends_;            // of arcs, on the group's circle
    std::vector<std::uint32_t> guide_;    // for even parts of a circle: the arc at its begin
};

}  // namespace bassline::simulator
