// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_walk.hpp"

#include <algorithm>

namespace bassline::simulator {

GroupWalk::GroupWalk(std::span<const std::uint32_t> group_of, std::span<const double> weights,
                     std::uint32_t group_count)
    : group_of_(group_of.begin(), group_of.end()),
      place_of_(group_of.size()),
      groups_(group_count),
      members_(group_of.size()),
      ends_(group_of.size()),
      guide_(group_of.size()) {
    for (const std::uint32_t group : group_of) ++groups_[group].size;
    std::uint32_t begin = 0;
    for (Group& group : groups_) {
        group.begin = begin;
        begin += group.size;
        group.size = 0;
    }
    for (std::uint32_t i = 0; i < group_of.size(); ++i) {
        Group& group = groups_[group_of[i]];
        const std::uint32_t at = group.begin + group.size++;
        place_of_[i] = at;
        members_[at] = i;
        group.length += weights[i];
        group.leap = std::max(group.leap, weights[i]);
        ends_[at] = group.length;
    }
    for (Group& group : groups_) {
        if (2 * group.leap > group.length) group.leap = 0;
        lay_guide(group);
    }
}

void GroupWalk::lay_guide(const Group& group) {
    std::uint32_t at = group.begin;
    for (std::uint32_t part = 0; part < group.size; ++part) {
        const double begin = group.length * part / group.size;
        while (at + 1 < group.begin + group.size && ends_[at] <= begin) ++at;
        guide_[group.begin + part] = at;
    }
}

std::uint32_t GroupWalk::step(std::uint32_t from, double u, double v) const {
    const Group& group = groups_[group_of_[from]];
    const std::uint32_t own = place_of_[from];
    const double begin = arc_begin(group, own);
    const double leap = group.leap + v * (group.length - 2 * group.leap);
    double to = begin + u * (ends_[own] - begin) + leap;
    if (to >= group.length) to -= group.length;
    const auto part = static_cast<std::uint32_t>(to / group.length * group.size);
    std::uint32_t at = guide_[group.begin + std::min(part, group.size - 1)];
    while (at + 1 < group.begin + group.size && ends_[at] <= to) ++at;
    return members_[at];
}

}  // namespace bassline::simulator
