// SPDX-License-Identifier: Apache-2.0
#include "storage/temporary_folder.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace bassline::storage {
namespace {

namespace fs = std::filesystem;

class TemporaryFolders : public testing::Test {
protected:
    void SetUp() override {
        parent_ = fs::path(testing::TempDir()) / fmt::format("folders-{}", ::getpid());
        fs::remove_all(parent_);
    }
    void TearDown() override { fs::remove_all(parent_); }

    fs::path parent_;
};

TEST_F(TemporaryFolders, a_folder_goes_with_its_owner) {
    std::string path;
    {
        const TemporaryFolder folder = TemporaryFolder::make(parent_, "a").value();
        path = folder.path();
        std::ofstream(path + "/content") << "x";
        EXPECT_TRUE(fs::exists(path));
    }
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(TemporaryFolders, folders_of_one_name_are_apart_and_for_the_user_alone) {
    const TemporaryFolder one = TemporaryFolder::make(parent_, "a").value();
    const TemporaryFolder other = TemporaryFolder::make(parent_, "a").value();
    EXPECT_NE(one.path(), other.path());
    EXPECT_EQ(fs::status(one.path()).permissions(), fs::perms::owner_all);
}

TEST_F(TemporaryFolders, a_link_to_a_folder_is_not_followed) {
    const fs::path target = parent_ / "of-somebody";
    fs::create_directories(target);
    const std::ofstream lock(target / "lock");
    fs::create_directory_symlink(target, parent_ / "bassline-link");
    const TemporaryFolder folder = TemporaryFolder::make(parent_, "a").value();
    EXPECT_TRUE(fs::exists(target / "lock"));
    EXPECT_TRUE(fs::exists(parent_ / "bassline-link"));
}

TEST_F(TemporaryFolders, the_folder_of_a_killed_owner_goes_with_the_next_one) {
    const fs::path abandoned = parent_ / "bassline-dead-1";
    fs::create_directories(abandoned);
    const std::ofstream lock(abandoned / "lock");
    const TemporaryFolder folder = TemporaryFolder::make(parent_, "a").value();
    EXPECT_FALSE(fs::exists(abandoned));
}

TEST_F(TemporaryFolders, folders_of_the_living_and_of_strangers_stay) {
    const fs::path stranger = parent_ / "bassline-of-somebody";
    fs::create_directories(stranger);
    const TemporaryFolder living = TemporaryFolder::make(parent_, "living").value();
    const TemporaryFolder folder = TemporaryFolder::make(parent_, "a").value();
    EXPECT_TRUE(fs::exists(living.path()));
    EXPECT_TRUE(fs::exists(stranger));
}

}  // namespace
}  // namespace bassline::storage
