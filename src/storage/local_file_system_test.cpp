// SPDX-License-Identifier: Apache-2.0
#include "storage/local_file_system.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"

namespace bassline::storage {
namespace {

class LocalFileSystemTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("storage");
        files_ = open_local(root_).value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    std::string root_;
    std::unique_ptr<FileSystem> files_;
};

TEST_F(LocalFileSystemTest, a_written_file_reads_back_with_its_digest) {
    const FileDigest digest = files_->write_durably("a", "abc").value();
    EXPECT_EQ(digest.bytes, 3U);
    EXPECT_EQ(digest.xxh64, "44bc2cf5ad770999");
    EXPECT_EQ(files_->read("a").value(), "abc");
}

TEST_F(LocalFileSystemTest, a_rename_onto_an_existing_name_is_a_conflict_and_changes_nothing) {
    ASSERT_TRUE(files_->write_durably("a", "a"));
    ASSERT_TRUE(files_->write_durably("b", "b"));
    EXPECT_EQ(files_->rename_no_replace("a", "b").error().kind, ErrorKind::conflict);
    EXPECT_EQ(files_->read("a").value(), "a");
    EXPECT_EQ(files_->read("b").value(), "b");
}

TEST_F(LocalFileSystemTest, creating_an_existing_name_is_a_conflict) {
    ASSERT_TRUE(files_->write_durably("a", "a"));
    EXPECT_EQ(files_->create("a").error().kind, ErrorKind::conflict);
}

TEST_F(LocalFileSystemTest, a_file_dropped_before_it_was_closed_leaves_no_name) {
    {
        auto file = files_->create("torn").value();
        ASSERT_TRUE(file->append("half"));
    }
    EXPECT_FALSE(files_->exists("torn").value());
}

TEST_F(LocalFileSystemTest, the_probe_leaves_nothing_behind) {
    EXPECT_TRUE(files_->list("").value().empty());
}

TEST_F(LocalFileSystemTest, the_probe_tells_why_a_rename_failed) {
    ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", "storage.rename_no_replace=eio", 1), 0);
    ASSERT_TRUE(arm_failpoints_from_environment());
    const auto opened = open_local(root_);
    failpoints_armed = false;
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::io);
    EXPECT_TRUE(files_->list("").value().empty());
}

TEST_F(LocalFileSystemTest, listing_is_sorted_and_a_missing_directory_is_not_found) {
    ASSERT_TRUE(files_->make_directories("d/e"));
    ASSERT_TRUE(files_->write_durably("d/b", ""));
    ASSERT_TRUE(files_->write_durably("d/a", ""));
    const auto entries = files_->list("d").value();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].path, "d/a");
    EXPECT_TRUE(entries[2].is_directory);
    EXPECT_EQ(files_->list("missing").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace bassline::storage
