// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_draw.hpp"

#include <algorithm>
#include <numeric>

namespace bassline::simulator {

// Vose's method: each slot that is short of the mean is filled up by one that has more.
WeightedDraw::WeightedDraw(std::span<const std::uint32_t> weights) : slots_(weights.size()) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const double per_slot = static_cast<double>(weights.size()) / total;
    std::vector<double> left(weights.size());
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
        left[i] = weights[i] * per_slot;
        slots_[i] = {.threshold = 1, .alias = i};
        (left[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
        const std::uint32_t shorter = small.back();
        const std::uint32_t longer = large.back();
        small.pop_back();
        slots_[shorter] = {.threshold = static_cast<float>(left[shorter]), .alias = longer};
        left[longer] -= 1 - left[shorter];
        if (left[longer] >= 1) continue;
        large.pop_back();
        small.push_back(longer);
    }
}

std::uint32_t WeightedDraw::draw(double u, double v) const {
    const auto at = static_cast<std::uint32_t>(u * static_cast<double>(slots_.size()));
    return v < slots_[at].threshold ? at : slots_[at].alias;
}

}  // namespace bassline::simulator
