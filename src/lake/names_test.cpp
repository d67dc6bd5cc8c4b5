// SPDX-License-Identifier: Apache-2.0
#include "lake/names.hpp"

#include <gtest/gtest.h>

namespace bassline::lake {
namespace {

constexpr const char* kDay = "2025-03-14";

TEST(Names, the_mark_of_a_complete_hour_stands_in_the_folder_of_an_hour) {
    EXPECT_TRUE(is_complete_mark("bronze/auth_events/date=2025-03-14/hour=05/_SUCCESS"));
    EXPECT_FALSE(is_complete_mark("bronze/auth_events/date=2025-03-14/_SUCCESS"));
    EXPECT_FALSE(is_complete_mark("_late/auth_events/date=2025-03-14/hour=05/_SUCCESS"));
    EXPECT_FALSE(is_complete_mark("bronze/auth_events/date=2025-03-14/hour=05/x"));
}

TEST(Names, published_files_carry_topic_chain_seq_and_their_number_within_the_batch) {
    EXPECT_EQ(bronze_path("listen_events", kDay, 5, "files", 12, 1, 3),
              "bronze/listen_events/date=2025-03-14/hour=05/listen_events-files-12-1of3.parquet");
    EXPECT_EQ(quarantine_path("auth_events", kDay, "files", 12, 3, 3),
              "_quarantine/auth_events/date=2025-03-14/auth_events-files-12-3of3.parquet");
}

TEST(Names, a_merged_file_has_a_name_of_its_own_and_one_that_folder_readers_meet) {
    const std::string visible = bronze_path("listen_events", kDay, 5, "compact", 1, 1, 1);
    EXPECT_EQ(merged_path(visible), "_ingest/compact/merged/" + visible);
    EXPECT_EQ(visible_path(merged_path(visible)), visible);
    EXPECT_EQ(visible_path(visible), visible);
}

TEST(Names, log_entries_and_snapshots_sort_as_text) {
    EXPECT_EQ(chain_entry_path("files", 7), "_ingest/files/log/00000000000000000007.json");
    EXPECT_EQ(snapshot_path(7), "_snapshots/00000000000000000007.json");
    EXPECT_LT(chain_entry_path("files", 99), chain_entry_path("files", 100));
}

TEST(Names, staged_files_stand_under_their_writer) {
    EXPECT_EQ(staging_directory("files", "w1"), "_ingest/files/staging/w1");
}

TEST(Names, a_version_is_one_file_or_one_file_a_date) {
    EXPECT_EQ(version_path("r1", "dim_user", ""), "_versions/r1/dim_user/dim_user.parquet");
    EXPECT_EQ(version_path("r1", "fact_a", "2025-03-14"),
              "_versions/r1/fact_a/event_date=2025-03-14/fact_a.parquet");
    EXPECT_EQ(run_directory("r1"), "_runs/r1");
}

}  // namespace
}  // namespace bassline::lake
