// SPDX-License-Identifier: Apache-2.0
#include "lake/live_files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/test_folder.hpp"
#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

Output file(const std::string& path, std::uint64_t rows, const std::string& date = "2025-03-14") {
    return {
        .final = path, .topic = "auth_events", .date = date, .hour = 5, .rows = rows, .bytes = 1};
}

Entry batch(std::uint64_t seq, std::vector<Output> outputs, const std::string& chain = "files") {
    return {.chain = chain, .seq = seq, .writer = "w", .outputs = std::move(outputs)};
}

// Merges files of 1 row each, all in one folder.
Entry merge(std::uint64_t seq, const std::vector<std::string>& inputs, const std::string& output) {
    Entry entry{.chain = std::string(kCompactChain), .seq = seq, .writer = "c"};
    for (const std::string& input : inputs) {
        entry.replaced.push_back({.chain = "files", .final = input, .rows = 1});
    }
    entry.outputs = {file(merged_path(output), inputs.size())};
    return entry;
}

std::vector<std::string> names(const LiveFiles& live) {
    std::vector<std::string> names;
    for (const auto& [name, file] : live.files) names.push_back(name);
    return names;
}

TEST(LiveFiles, a_merged_file_stands_for_its_inputs_and_knows_how_far_its_rows_reach) {
    LiveFiles live;
    live.apply(batch(1, {file("h/a", 1)}), "");
    live.apply(batch(7, {file("h/b", 1)}), "");
    live.apply(batch(2, {file("h/c", 1)}, "kafka-x-0"), "");
    live.apply(batch(3, {file("i/d", 1)}), "");
    const Entry entry = merge(1, {"h/a", "h/b", "h/c"}, "h/m");
    EXPECT_THAT(live.problems_of(entry), IsEmpty());
    live.apply(entry, "sha");
    EXPECT_THAT(names(live), ElementsAre("_ingest/compact/merged/h/m", "i/d"));
    EXPECT_THAT(live.files.at(merged_path("h/m")).positions(),
                ElementsAre(Pair("files", 8), Pair("kafka-x-0", 3)));
    EXPECT_EQ(live.heads.at("compact"), (ChainHead{2, "sha"}));
}

TEST(LiveFiles, a_merged_file_may_be_merged_again) {
    LiveFiles live;
    for (const char* name : {"h/a", "h/b", "h/c"}) live.apply(batch(name[2], {file(name, 1)}), "");
    live.apply(merge(1, {"h/a", "h/b"}, "h/m1"), "");
    Entry again = merge(2, {"h/c"}, "h/m2");
    again.replaced.push_back(
        {.chain = "compact", .seq = 1, .final = merged_path("h/m1"), .rows = 2});
    again.outputs[0].rows = 3;
    EXPECT_THAT(live.problems_of(again), IsEmpty());
    live.apply(again, "");
    EXPECT_THAT(names(live), ElementsAre(merged_path("h/m2")));
    EXPECT_THAT(live.files.begin()->second.positions(), ElementsAre(Pair("files", 'c' + 1)));
}

TEST(LiveFiles, rows_lost_or_made_and_files_replaced_twice_are_problems) {
    LiveFiles live;
    live.apply(batch(1, {file("h/a", 1), file("h/b", 1)}), "");
    Entry entry = merge(1, {"h/a", "h/b"}, "h/m");
    entry.outputs[0].rows = 1;
    EXPECT_THAT(live.problems_of(entry), ElementsAre(HasSubstr("merges 2 rows of h into 1")));
    EXPECT_THAT(live.problems_of(merge(1, {"h/a", "gone"}, "h/m")),
                ElementsAre(HasSubstr("replaces gone"), HasSubstr("merges 1 rows of h into 2")));
    EXPECT_THAT(live.problems_of(merge(1, {"h/a", "h/b"}, "i/m")), SizeIs(2));
}

TEST(LiveFiles, an_expired_date_leaves_and_what_arrives_for_it_later_is_not_read) {
    LiveFiles live;
    live.apply(batch(1, {file("old", 1, "2025-03-13"), file("new", 1, "2025-03-14")}), "");
    Entry expire{.chain = "compact", .seq = 1, .retained_from = "2025-03-14"};
    expire.replaced = {{.chain = "files", .seq = 1, .final = "old", .rows = 1}};
    LiveFiles other_order = live;
    EXPECT_THAT(live.problems_of(expire), IsEmpty());
    live.apply(expire, "");
    live.apply(batch(2, {file("late", 1, "2025-03-01")}), "");
    EXPECT_THAT(names(live), ElementsAre("new"));
    EXPECT_THAT(live.late, SizeIs(1));
    other_order.apply(batch(2, {file("late", 1, "2025-03-01")}), "");
    other_order.apply(expire, "");
    EXPECT_EQ(live, other_order);
}

TEST(LiveFiles, the_fold_reads_back_as_it_was_written_and_damage_is_found) {
    LiveFiles live{.retained_from = "2025-01-01", .watermark_ms = 17};
    live.apply(batch(1, {file("h/a", 1), file("h/b", 1)}), "s1");
    live.apply(batch(2, {file("late", 1, "2024-12-31")}), "s2");
    live.apply(merge(1, {"h/a", "h/b"}, "h/m"), "s3");
    std::string text = to_text(live);
    EXPECT_EQ(live_files_from_text(text).value(), live);
    EXPECT_EQ(live_files_from_text(to_text({})).value(), LiveFiles{});
    text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
    EXPECT_FALSE(live_files_from_text(text));
    EXPECT_FALSE(live_files_from_text(""));
}

class LakeLogTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("live");
        files_ = storage::open_local(root_).value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void commit(Entry entry) {
        ChainHead& head = heads_[entry.chain];
        entry.seq = head.next_seq;
        entry.prev_sha256 = head.sha256;
        ASSERT_TRUE(lake::commit(*files_, entry));
        head = {entry.seq + 1, sha256_hex(to_json(entry))};
        if (entry.chain == kCompactChain) return;
        ASSERT_TRUE(remove_staging(*files_, entry.chain));
    }

    std::map<std::string, ChainHead> heads_;
    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(LakeLogTest, a_fold_from_the_checkpoint_reads_only_what_is_new) {
    for (int seq = 0; seq < 120; ++seq) commit(batch(0, {file(fmt::format("h/{}", seq), 1)}));
    ASSERT_TRUE(keep_checkpoint(*files_, load_log(*files_).value(), "build"));
    commit(batch(0, {file("h/new", 1)}));
    const LakeLog log = load_log(*files_).value();
    EXPECT_EQ(log.entries_folded, 1U);
    EXPECT_EQ(log.newest.at("files").seq, 120U);
    std::filesystem::remove(root_ + "/" + std::string(kLiveFilesCheckpoint));
    EXPECT_EQ(load_log(*files_).value().live, log.live);
}

TEST_F(LakeLogTest, a_checkpoint_that_the_log_does_not_confirm_is_not_used) {
    for (int seq = 0; seq < 100; ++seq) commit(batch(0, {file(fmt::format("h/{}", seq), 1)}));
    LakeLog log = load_log(*files_).value();
    log.live.heads["files"].sha256 = sha256_hex("another lake's");
    log.live.files.clear();
    ASSERT_TRUE(keep_checkpoint(*files_, log, "build"));
    EXPECT_THAT(load_log(*files_).value().live.files, SizeIs(100));
}

TEST_F(LakeLogTest, a_merge_counts_once_its_file_stands_and_its_inputs_do_until_then) {
    commit(batch(0, {file("h/a", 1), file("h/b", 1)}));
    commit(merge(0, {"h/a", "h/b"}, "h/m"));
    const LakeLog before = load_log(*files_).value();
    EXPECT_THAT(before.live.files, SizeIs(2));
    EXPECT_EQ(before.newest.at("compact").seq, 0U);
    ASSERT_TRUE(files_->make_directories(merged_path("h")));
    ASSERT_TRUE(files_->write_durably(merged_path("h/m"), "m"));
    EXPECT_THAT(names(load_log(*files_).value().live), ElementsAre(merged_path("h/m")));
}

}  // namespace
}  // namespace bassline::lake
