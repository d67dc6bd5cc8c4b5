// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_counts.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/test_folder.hpp"

namespace bassline::ingest {
namespace {

std::string spill_folder(RowCounter& counter) {
    duck::Rows rows =
        counter.connection().query("select current_setting('temp_directory')").value();
    EXPECT_TRUE(rows.next());
    return std::string(rows.text(0));
}

TEST(RowCounter, two_at_once_spill_apart_and_leave_nothing) {
    const std::string scratch = make_test_folder("row-counts");
    {
        RowCounter one = RowCounter::open(1, 64u << 20, scratch).value();
        RowCounter other = RowCounter::open(1, 64u << 20, scratch).value();
        EXPECT_NE(spill_folder(one), spill_folder(other));
        EXPECT_TRUE(spill_folder(one).starts_with(scratch + "/"));
    }
    EXPECT_TRUE(std::filesystem::is_empty(scratch));
    std::filesystem::remove_all(scratch);
}

}  // namespace
}  // namespace bassline::ingest
