// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <emmintrin.h>

namespace bassline::event {

/// The 16 bytes at `at`, those from `count` on as zeros; all 16 are read. No branch depends on the
/// count.
inline __m128i load_masked(const char* at, std::size_t count) {
    alignas(16) static constexpr std::array<std::int8_t, 32> kMasks{-1, -1, -1, -1, -1, -1, -1, -1,
                                                                    -1, -1, -1, -1, -1, -1, -1, -1};
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i mask = _mm_loadu_si128(
        reinterpret_cast<const __m128i*>(kMasks.data() + 16 - std::min<std::size_t>(count, 16)));
    return _mm_and_si128(bytes, mask);
}

}  // namespace bassline::event
