// SPDX-License-Identifier: Apache-2.0
#include "simulator/prepared_text.hpp"

#include <array>

namespace bassline::simulator {
namespace {

constexpr auto kPairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}();
constexpr std::size_t kDigitsMax = 20;

}  // namespace

char* put_number(char* out, std::uint64_t value) {
    std::array<char, 2 * kDigitsMax> digits;  // the second half is copied along
    std::size_t at = kDigitsMax;
    while (value >= 100) {
        at -= 2;
        std::memcpy(&digits[at], &kPairs[value % 100 * 2], 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        std::memcpy(&digits[at], &kPairs[value * 2], 2);
    } else {
        digits[--at] = static_cast<char>('0' + value);
    }
    std::memcpy(out, &digits[at], kDigitsMax);
    return out + (kDigitsMax - at);
}

}  // namespace bassline::simulator
