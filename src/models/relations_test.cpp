// SPDX-License-Identifier: Apache-2.0
#include "models/relations.hpp"

#include <gtest/gtest.h>

namespace bassline::models {
namespace {

TEST(KeptRowsBudget, only_little_in_small_files_becomes_rows_and_all_of_it_has_a_bound) {
    constexpr std::uint64_t kMiB = 1 << 20;
    KeptRowsBudget budget(16'384 * kMiB);
    EXPECT_FALSE(budget.take({}));
    EXPECT_FALSE(budget.take({.files = 1, .bytes = kMiB}));  // large files
    EXPECT_TRUE(budget.take({.files = 100, .bytes = 3 * kMiB}));
    EXPECT_FALSE(budget.take({.files = 100, .bytes = 2 * kMiB}));  // 1 MiB is left
    EXPECT_TRUE(budget.take({.files = 100, .bytes = kMiB}));

    KeptRowsBudget of_little_memory(100 * kMiB);
    EXPECT_FALSE(of_little_memory.take({.files = 100, .bytes = 2 * kMiB}));
    EXPECT_TRUE(of_little_memory.take({.files = 100, .bytes = kMiB}));
}

}  // namespace
}  // namespace bassline::models
