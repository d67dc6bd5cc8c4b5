// SPDX-License-Identifier: Apache-2.0
#include "lake/lake.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/test_folder.hpp"

namespace bassline::lake {
namespace {

class LakeTest : public testing::Test {
protected:
    void SetUp() override { directory_ = make_test_folder("lake"); }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(directory_ + "/" + name) << content;
    }

    std::string directory_;
};

TEST_F(LakeTest, opening_for_writing_makes_a_lake_that_readers_accept) {
    ASSERT_TRUE(open_lake(directory_ + "/new/lake"));
    EXPECT_TRUE(open_lake_read_only("file://" + directory_ + "/new/lake"));
    EXPECT_TRUE(open_lake(directory_ + "/new/lake"));
}

TEST_F(LakeTest, a_reader_finds_no_lake_in_a_missing_or_foreign_directory) {
    EXPECT_EQ(open_lake_read_only(directory_ + "/missing").error().kind, ErrorKind::not_found);
    EXPECT_EQ(open_lake_read_only(directory_).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(LakeTest, a_lake_of_a_newer_format_is_refused_untouched) {
    write("_lake.json", R"({"format":99})");
    const auto refused = open_lake(directory_);
    EXPECT_EQ(refused.error().kind, ErrorKind::config);
    EXPECT_NE(refused.error().message.find("format 99"), std::string::npos);
    EXPECT_EQ(open_lake_read_only(directory_).error().kind, ErrorKind::config);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(LakeTest, a_damaged_lake_file_is_named) {
    write("_lake.json", "{}");
    EXPECT_EQ(open_lake(directory_).error().kind, ErrorKind::bad_data);
}

TEST_F(LakeTest, what_a_writer_left_that_died_making_the_lake_is_removed) {
    write("_lake-1.staged", "");
    ASSERT_TRUE(open_lake(directory_));
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/_lake-1.staged"));
}

TEST_F(LakeTest, a_path_that_the_engine_cannot_read_is_wrong_use_and_nothing_is_made) {
    for (const char* name : {"a\\[1]", "a*/b\\c", "a?\\"}) {
        const std::string path = directory_ + "/" + name;
        EXPECT_EQ(open_lake(path).error().kind, ErrorKind::usage) << name;
        EXPECT_EQ(open_lake_read_only(path).error().kind, ErrorKind::usage) << name;
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
    EXPECT_TRUE(open_lake(directory_ + "/lake[1]*?"));
    EXPECT_TRUE(open_lake(directory_ + "/la\\ke"));
}

TEST_F(LakeTest, other_schemes_and_relative_file_uris_are_wrong_use) {
    EXPECT_EQ(open_lake("ftp://host/lake").error().kind, ErrorKind::usage);
    EXPECT_EQ(open_lake("file://lake").error().kind, ErrorKind::usage);
    EXPECT_EQ(open_lake("").error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace bassline::lake
