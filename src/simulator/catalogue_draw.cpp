// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_draw.hpp"

#include <algorithm>
#include <numeric>

namespace bassline::simulator {

WeightedDraw::WeightedDraw(std::span<const std::uint32_t> weights) : slots_(weights.size()) {
    fill(slots_, weights);
}

// Vose's method: each slot that is short of the mean is filled up by one that has more.
void WeightedDraw::fill(std::span<Slot> slots, std::span<const std::uint32_t> weights) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const double per_slot = static_cast<double>(weights.size()) / total;
    std::vector<double> left(weights.size());
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
        left[i] = weights[i] * per_slot;
        slots[i] = {.threshold = 1, .alias = i};
        (left[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
        const std::uint32_t shorter = small.back();
        const std::uint32_t longer = large.back();
        small.pop_back();
        slots[shorter] = {.threshold = static_cast<float>(left[shorter]), .alias = longer};
        left[longer] -= 1 - left[shorter];
        if (left[longer] >= 1) continue;
        large.pop_back();
        small.push_back(longer);
    }
}

std::uint32_t WeightedDraw::draw(std::span<const Slot> slots, double u, double v) {
    const auto at = static_cast<std::uint32_t>(u * static_cast<double>(slots.size()));
    return v < slots[at].threshold ? at : slots[at].alias;
}

std::uint32_t WeightedDraw::draw(double u, double v) const {
    return draw(slots_, u, v);
}

GroupedDraw::GroupedDraw(std::span<const std::uint32_t> group_of,
                         std::span<const std::uint32_t> weights, std::uint32_t group_count)
    : group_of_(group_of.begin(), group_of.end()),
      begin_(group_count + 1),
      members_(group_of.size()),
      slots_(group_of.size()) {
    for (const std::uint32_t group : group_of) ++begin_[group + 1];
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
    std::vector<std::uint32_t> sorted_weights(weights.size());
    for (std::uint32_t i = 0; i < group_of.size(); ++i) {
        const std::uint32_t at = next[group_of[i]]++;
        members_[at] = i;
        sorted_weights[at] = weights[i];
    }
    for (std::uint32_t group = 0; group < group_count; ++group) {
        const std::uint32_t size = begin_[group + 1] - begin_[group];
        WeightedDraw::fill(std::span(slots_).subspan(begin_[group], size),
                           std::span(sorted_weights).subspan(begin_[group], size));
    }
}

std::uint32_t GroupedDraw::group_size(std::uint32_t index) const {
    const std::uint32_t group = group_of_[index];
    return begin_[group + 1] - begin_[group];
}

std::uint32_t GroupedDraw::draw(std::uint32_t index, double u, double v) const {
    const std::uint32_t begin = begin_[group_of_[index]];
    const std::span slots = std::span(slots_).subspan(begin, group_size(index));
    return members_[begin + WeightedDraw::draw(slots, u, v)];
}

}  // namespace bassline::simulator
