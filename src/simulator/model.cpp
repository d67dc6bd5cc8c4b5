// SPDX-License-Identifier: Apache-2.0
#include "simulator/model.hpp"

#include <cmath>

namespace bassline::simulator {
namespace {

constexpr double kMinute = 60;

std::vector<Weight> cumulative(std::vector<Weight> weights) {
    double sum = 0;
    for (const Weight& weight : weights) sum += weight.weight;
    double until = 0;
    for (Weight& weight : weights) {
        until += weight.weight / sum;
        weight.weight = until;
    }
    return weights;
}

std::size_t pick(const std::vector<Weight>& shares, double uniform) {
    std::size_t at = 0;
    while (at + 1 < shares.size() && uniform >= shares[at].weight) ++at;
    return at;
}

}  // namespace

Model::Model(const Configuration& configuration, const Catalogue& songs_and_people,
             ModelOptions model_options)
    : catalogue(songs_and_people),
      options(model_options),
      chain(configuration),
      times(configuration.damping, configuration.session_gap_s,
            {.share = configuration.weekend_damping,
             .offset_s = configuration.weekend_offset_min * kMinute,
             .scale_s = configuration.weekend_scale_min * kMinute,
             .holidays = {.only_originals = model_options.compat}}),
      alpha(configuration.alpha),
      beta(configuration.beta),
      auths(cumulative(configuration.auths)),
      levels(cumulative(configuration.levels)),
      newcomer_standing(chain.standing(configuration.new_user_auth, configuration.new_user_level)) {
    for (const Weight& auth : auths) {
        for (const Weight& level : levels) {
            standings_.push_back(chain.standing(auth.name, level.name));
        }
    }
    for (const Song& song : catalogue.songs()) {
        song_seconds.push_back(static_cast<std::uint32_t>(song.duration_s));
    }
}

std::uint16_t Model::initial_standing(double u, double v) const {
    return standings_[pick(auths, u) * levels.size() + pick(levels, v)];
}

}  // namespace bassline::simulator
