// SPDX-License-Identifier: Apache-2.0
#include "simulator/random_stream.hpp"

#include <gtest/gtest.h>

namespace bassline::simulator {
namespace {

TEST(Philox, GivesTheKnownAnswersOfItsAuthors) {
    using Words = std::pair<std::uint64_t, std::uint64_t>;
    EXPECT_EQ(philox(0, 0, 0), (Words{0xca00a0459843d731, 0x66c24222c9a845b5}));
    EXPECT_EQ(philox(~0ULL, ~0ULL, ~0ULL), (Words{0x65b021d60cd8310f, 0x4d02f3222f86df20}));
    EXPECT_EQ(philox(0xa4093822299f31d0, 0x243f6a8885a308d3, 0x13198a2e03707344),
              (Words{0x0a5e742c2997341c, 0xb0f883d38000de5d}));
}

TEST(RandomStream, GoesOnFromAnyDraw) {
    RandomStream whole(7, StreamPurpose::behaviour, 3);
    whole.next();
    whole.next();
    RandomStream later(7, StreamPurpose::behaviour, 3, whole.draw());
    EXPECT_EQ(whole.next().u, later.next().u);
}

TEST(RandomStream, DiffersBySeedOwnerAndPurpose) {
    const double first = RandomStream(1, StreamPurpose::behaviour, 1).next().u;
    EXPECT_NE(first, RandomStream(2, StreamPurpose::behaviour, 1).next().u);
    EXPECT_NE(first, RandomStream(1, StreamPurpose::behaviour, 2).next().u);
    EXPECT_NE(first, RandomStream(1, StreamPurpose::person, 1).next().u);
}

TEST(RandomStream, HasTheMomentsOfItsDistributions) {
    constexpr int kDraws = 200'000;
    RandomStream random(5, StreamPurpose::behaviour, 1);
    double exponentials = 0;
    double normals = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
        exponentials += exponential(90, random.next().u);
        const double normal = standard_normal(random.next());
        normals += normal;
        squares += normal * normal;
    }
    EXPECT_NEAR(exponentials / kDraws, 90, 4 * 90 / std::sqrt(kDraws));
    EXPECT_NEAR(normals / kDraws, 0, 4 / std::sqrt(kDraws));
    EXPECT_NEAR(squares / kDraws, 1, 6 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace bassline::simulator
