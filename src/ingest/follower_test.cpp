// SPDX-License-Identifier: Apache-2.0
#include "ingest/follower.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "ingest/fingerprint.hpp"

namespace bassline::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FollowerTest : public testing::Test {
protected:
    void SetUp() override { root_ = make_test_folder("follower"); }
    void TearDown() override { std::filesystem::remove_all(root_); }

    // A file of one line that the chain has read, written to `age` minutes ago.
    InputPath known_file(const std::string& name, int age) {
        const std::string path = root_ + "/" + name;
        std::ofstream(path) << name << "\n";
        std::filesystem::last_write_time(
            path, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(age));
        const std::uint64_t number = known_.sources.size();
        const std::uint64_t end = name.size() + 1;
        const auto fingerprint =
            fingerprint_at(InputFile::open(path).value(), Encoding::plain, end).value();
        known_.sources[number] = {path, "plain", end, *fingerprint, "open"};
        known_.paths[path] = {number, end, *fingerprint};
        return {path, true};
    }
    static std::ptrdiff_t open_files() {
        const std::filesystem::directory_iterator files("/proc/self/fd");
        return std::distance(begin(files), end(files));
    }

    std::string root_;
    lake::FileSources known_;
};

TEST_F(FollowerTest, holds_no_more_files_than_it_may_and_tells_all_of_them) {
    std::vector<InputPath> paths;
    for (int file = 0; file < 20; ++file) paths.push_back(known_file(std::to_string(file), file));
    const std::ptrdiff_t before = open_files();
    Follower follower(4);
    EXPECT_EQ(follower.changed(paths).size(), 20U);
    EXPECT_EQ(open_files() - before, 4);
    follower.hold(known_);
    EXPECT_EQ(open_files() - before, 4);
    EXPECT_THAT(follower.changed(paths), IsEmpty());
    EXPECT_EQ(open_files() - before, 4);
}

TEST_F(FollowerTest, holds_the_files_that_were_written_to_last) {
    const InputPath old = known_file("old", 60);
    const InputPath recent = known_file("recent", 10);
    Follower follower(1);
    follower.changed({old, recent});
    follower.hold(known_);
    const InputPath newest = known_file("newest", 1);
    follower.changed({newest, old, recent});
    follower.hold(known_);
    for (const InputPath& path : {newest, old, recent}) {
        std::filesystem::rename(path.path, path.path + ".1");
    }
    follower.changed({});
    EXPECT_THAT(follower.drained(), ElementsAre(2));
}

TEST_F(FollowerTest, a_file_that_does_not_open_is_told_again_until_it_does) {
    const InputPath path{root_ + "/late", true};
    Follower follower(4);
    EXPECT_EQ(follower.changed({path}).size(), 1U);
    EXPECT_EQ(follower.changed({path}).size(), 1U);
    known_file("late", 0);
    EXPECT_EQ(follower.changed({path}).size(), 1U);
    EXPECT_THAT(follower.changed({path}), IsEmpty());
}

}  // namespace
}  // namespace bassline::ingest
