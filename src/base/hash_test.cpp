// SPDX-License-Identifier: Apache-2.0
#include "base/hash.hpp"

#include <gtest/gtest.h>

namespace bassline {
namespace {

TEST(Hash, known_vectors_hold) {
    EXPECT_EQ(xxh64_hex(""), "ef46db3751d8e999");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, pieces_hash_like_the_whole) {
    Xxh64 pieces;
    pieces.update("ab");
    pieces.update("c");
    EXPECT_EQ(pieces.hex(), xxh64_hex("abc"));
}

}  // namespace
}  // namespace bassline
