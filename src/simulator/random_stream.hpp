// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>

// Random numbers of the simulator: Philox2x64-10 (Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011), a counter-based generator. The key comes from the seed; the counter is
// (draw, owner), so that every user has a stream of 2^32 draws of their own, which needs no state
// but the number of the next draw and does not depend on threads or on the order of users. Pure.
namespace bassline::simulator {

/// What a stream is for: one owner's streams do not meet.
enum class StreamPurpose : std::uint8_t { behaviour, person, arrivals, event_ids, faults };

/// Two independent uniforms of [0, 1).
struct Uniforms {
    double u;
    double v;
};

/// Two independent words, bits (draw, owner) of the key's stream.
constexpr std::pair<std::uint64_t, std::uint64_t> philox(std::uint64_t key, std::uint64_t draw,
                                                         std::uint64_t owner) {
    constexpr int kRounds = 10;
    constexpr std::uint64_t kMultiplier = 0xD2B74407B1CE6E93;
    constexpr std::uint64_t kWeyl = 0x9E3779B97F4A7C15;
    std::uint64_t low = draw;
    std::uint64_t high = owner;
    for (int round = 0; round < kRounds; ++round) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(kMultiplier) * low;
        low = static_cast<std::uint64_t>(product >> 64) ^ key ^ high;
        high = static_cast<std::uint64_t>(product);
        key += kWeyl;
    }
    return {low, high};
}

constexpr double uniform_of(std::uint64_t word) {
    return static_cast<double>(word >> 11) * 0x1p-53;
}

/// The stream of one owner, from a given draw on.
class RandomStream {
public:
    RandomStream(std::uint64_t seed, StreamPurpose purpose, std::uint64_t owner,
                 std::uint32_t draw = 0)
        : key_(seed),
          owner_(owner | static_cast<std::uint64_t>(purpose) << kPurposeShift),
          draw_(draw) {}

    Uniforms next() {
        const auto [first, second] = philox(key_, draw_++, owner_);
        return {uniform_of(first), uniform_of(second)};
    }
    std::uint64_t next_word() { return philox(key_, draw_++, owner_).first; }
    /// The number of the next draw, to go on from.
    std::uint32_t draw() const { return draw_; }

private:
    static constexpr int kPurposeShift = 56;

    std::uint64_t key_;
    std::uint64_t owner_;
    std::uint32_t draw_;
};

/// An exponential value of that mean; finite for any uniform of [0, 1).
inline double exponential(double mean, double uniform) {
    return -mean * std::log1p(-uniform);
}

/// A standard normal value (Box-Muller).
inline double standard_normal(Uniforms uniforms) {
    constexpr double kTwoPi = 6.283185307179586;
    return std::sqrt(-2 * std::log1p(-uniforms.u)) * std::cos(kTwoPi * uniforms.v);
}

}  // namespace bassline::simulator
