// SPDX-License-Identifier: Apache-2.0
#include "lake/file_sources.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

class FileSourcesTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("sources");
        files_ = storage::open_local(root_).value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void commit_range(std::uint64_t source, const std::string& path, std::uint64_t end,
                      const std::string& state = "open") {
        const Chain chain = Chain::load(*files_, kFilesChain).value();
        Entry entry{.chain = "files",
                    .seq = chain.next_seq(),
                    .prev_sha256 = chain.head_sha256,
                    .writer = "w"};
        entry.ranges.push_back({.source = source,
                                .path = path,
                                .encoding = "plain",
                                .end = end,
                                .fingerprint = {"h", std::to_string(end)},
                                .state = state});
        ASSERT_TRUE(commit(*files_, entry));
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(FileSourcesTest, a_source_is_where_it_was_last_read_and_paths_remember_what_they_held) {
    commit_range(0, "/a", 10);
    commit_range(0, "/a.1", 15);
    commit_range(1, "/a", 3);
    const FileSources fold = load_files_chain(*files_).value().sources;
    EXPECT_EQ(fold.sources.at(0).path, "/a.1");
    EXPECT_EQ(fold.sources.at(0).end, 15U);
    EXPECT_EQ(fold.paths.at("/a").source, 1U);
    EXPECT_EQ(fold.paths.at("/a.1").end, 15U);
    EXPECT_EQ(fold.next_source(), 2U);
}

TEST_F(FileSourcesTest, standard_input_is_no_path_to_come_back_to) {
    commit_range(0, "-", 10, "closed");
    const FileSources fold = load_files_chain(*files_).value().sources;
    EXPECT_TRUE(fold.paths.empty());
    EXPECT_EQ(fold.next_source(), 1U);
}

TEST_F(FileSourcesTest, a_checkpoint_gives_the_same_fold_and_is_dropped_if_the_log_disagrees) {
    commit_range(5, "/moved", 10);
    commit_range(3, "/moved", 12);
    const Chain before = Chain::load(*files_, kFilesChain).value();
    FileSources fold;
    for (const Entry& entry : before.entries) fold.apply(entry);
    commit_range(3, "/moved", 20);
    ASSERT_TRUE(write_checkpoint(*files_, 2, before.head_sha256, fold));
    const FilesChain quick = load_files_chain(*files_).value();
    EXPECT_EQ(quick.tail.first_seq, 2U);
    EXPECT_EQ(quick.sources.paths.at("/moved").source, 3U);
    EXPECT_EQ(quick.sources.sources.at(5).end, 10U);
    EXPECT_EQ(quick.sources.sources.at(3).end, 20U);

    fold.sources[3].end = 999;
    ASSERT_TRUE(write_checkpoint(*files_, 2, std::string(64, '0'), fold));
    const FilesChain whole = load_files_chain(*files_).value();
    EXPECT_EQ(whole.tail.first_seq, 0U);
    EXPECT_EQ(whole.sources.sources.at(3).end, 20U);
    EXPECT_EQ(whole.tail.head_sha256, quick.tail.head_sha256);
}

TEST_F(FileSourcesTest, a_new_checkpoint_replaces_the_older_ones) {
    commit_range(0, "/a", 10);
    ASSERT_TRUE(write_checkpoint(*files_, 100, "", {}));
    ASSERT_TRUE(write_checkpoint(*files_, 200, "", {}));
    const auto listed = files_->list(chain_checkpoint_directory(kFilesChain)).value();
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].path, chain_checkpoint_path(kFilesChain, 200));
}

TEST_F(FileSourcesTest, the_lock_of_a_chain_names_its_holder_and_ends_with_it) {
    auto held = lock_chain(*files_, kFilesChain);
    ASSERT_TRUE(held);
    const Error refused = lock_chain(*files_, kFilesChain).error();
    EXPECT_EQ(refused.kind, ErrorKind::conflict);
    EXPECT_NE(refused.message.find(std::to_string(getpid())), std::string::npos);
    held.value().reset();
    EXPECT_TRUE(lock_chain(*files_, kFilesChain));
}

}  // namespace
}  // namespace bassline::lake
