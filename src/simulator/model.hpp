// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/catalogue.hpp"
#include "simulator/chain.hpp"
#include "simulator/configuration.hpp"
#include "simulator/faults.hpp"
#include "simulator/session_times.hpp"

// Everything that all users obey. Immutable; any threads. The catalogue outlives it.
namespace bassline::simulator {

struct ModelOptions {
    std::uint64_t seed = 0;
    double growth_rate = 0;     // a year
    double attrition_rate = 0;  // a year: survival after t years is exp(-rate t)
    FaultRates faults = {};     // the odd users among them
    bool compat = false;        // with the original's defects (docs/formats/simulator.md)
};

struct Model {
    Model(const Configuration& configuration, const Catalogue& songs_and_people,
          ModelOptions options);

    const Catalogue& catalogue;
    ModelOptions options;
    Chain chain;
    SessionTimes times;
    double alpha;                // s
    double beta;                 // s
    std::vector<Weight> auths;   // of initial users, cumulative shares
    std::vector<Weight> levels;  // the same
    std::uint16_t newcomer_standing;
    std::vector<std::uint32_t> song_seconds;  // whole seconds a song plays, by song

    /// The standing of an initial user, from two uniforms.
    std::uint16_t initial_standing(double u, double v) const;

private:
    std::vector<std::uint16_t> standings_;  // by auth, then level
};

}  // namespace bassline::simulator
