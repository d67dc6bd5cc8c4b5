// SPDX-License-Identifier: Apache-2.0
#include "lake/chain.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

using testing::HasSubstr;

constexpr const char* kStaged = "_ingest/files/staging/w1/out.staged";
constexpr const char* kFinal = "bronze/listen_events/date=2025-03-14/hour=05/x.parquet";

class ChainTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("chain");
        files_ = storage::open_local(root_).value();
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    // The next entry of the chain, with one staged file of content "abc".
    Entry next_entry(const std::string& writer = "w1") const {
        const Chain chain = Chain::load(*files_, "files").value();
        Entry entry{.chain = "files",
                    .seq = chain.next_seq(),
                    .prev_sha256 = chain.head_sha256,
                    .writer = writer};
        entry.ranges.push_back({.path = "/log/a.json", .encoding = "plain", .end = 3});
        entry.outputs.push_back({.staged = kStaged,
                                 .final = kFinal,
                                 .topic = "listen_events",
                                 .date = "2025-03-14",
                                 .hour = 5,
                                 .rows = 1,
                                 .bytes = 3});
        return entry;
    }
    void stage() {
        ASSERT_TRUE(files_->make_directories("_ingest/files/staging/w1"));
        ASSERT_TRUE(files_->write_durably(kStaged, "abc"));
    }
    void overwrite(const std::string& path, const std::string& content) const {
        std::ofstream(files_->absolute(path), std::ios::trunc) << content;
    }
    static void arm(const std::string& setting) {
        ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", setting.c_str(), 1), 0);
        ASSERT_TRUE(arm_failpoints_from_environment());
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(ChainTest, an_entry_reads_back_as_it_was_written) {
    Entry entry = next_entry();
    entry.identity["kind"] = "files";
    entry.committed_at = Timestamp(std::chrono::microseconds(1'700'000'000'123'456));
    entry.ranges[0].path = "/log/caf\xe9";  // a file name need not be UTF-8
    entry.ranges[0].fingerprint = {.head = "00", .tail = "11"};
    entry.ranges[0].producer = "east";
    entry.counters["listen_events"] = {
        .consumed = 2, .written = 1, .quarantined = 1, .by_reason = {{"bad_json", 1}}};
    entry.dates_touched = {"2025-03-14"};
    const Entry back = entry_from_json(to_json(entry)).value();
    EXPECT_EQ(to_json(back), to_json(entry));
    EXPECT_EQ(back.ranges[0].path, "/log/caf\xe9");
    EXPECT_EQ(back.committed_at, entry.committed_at);
    EXPECT_EQ(back.outputs[0].hour, 5);
    EXPECT_EQ(back.counters.at("listen_events").by_reason.at("bad_json"), 1U);
}

TEST_F(ChainTest, a_change_of_any_byte_of_an_entry_is_found) {
    const std::string content = to_json(next_entry());
    for (std::size_t at = 0; at + 1 < content.size(); ++at) {
        std::string changed = content;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(entry_from_json(changed)) << "byte " << at;
    }
}

TEST_F(ChainTest, an_entry_of_a_newer_format_is_a_configuration_error) {
    EXPECT_EQ(entry_from_json(R"({"format":99})").error().kind, ErrorKind::config);
}

TEST_F(ChainTest, a_chain_grows_entry_by_entry_and_each_names_its_predecessor) {
    EXPECT_EQ(Chain::load(*files_, "files").value().next_seq(), 0U);
    ASSERT_TRUE(commit(*files_, next_entry()));
    ASSERT_TRUE(commit(*files_, next_entry()));
    const Chain chain = Chain::load(*files_, "files").value();
    EXPECT_EQ(chain.next_seq(), 2U);
    EXPECT_EQ(chain.entries[0].prev_sha256, "");
    EXPECT_EQ(chain.entries[1].prev_sha256.size(), 64U);
    ASSERT_TRUE(files_->make_directories(schemas_directory("of-a-registry")));
    EXPECT_THAT(list_chains(*files_).value(), testing::ElementsAre("files"));
    EXPECT_EQ(
        Chain::load_after(*files_, "files", 1, chain.entries[1].prev_sha256).value().head_sha256,
        chain.head_sha256);
}

TEST_F(ChainTest, a_missing_entry_and_a_changed_one_stop_the_load_by_name) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(commit(*files_, next_entry()));
    const std::string path = chain_entry_path("files", 1);
    Entry other = Chain::load(*files_, "files").value().entries[1];
    other.writer = "forged";  // a valid entry, but not the one that entry 2 follows
    overwrite(path, to_json(other));
    EXPECT_THAT(Chain::load(*files_, "files").error().message, HasSubstr("does not match entry 1"));
    ASSERT_TRUE(files_->remove(path));
    const Error missing = Chain::load(*files_, "files").error();
    EXPECT_EQ(missing.kind, ErrorKind::bad_data);
    EXPECT_THAT(missing.message, HasSubstr(path));
}

TEST_F(ChainTest, the_second_of_two_writers_of_a_seq_is_told_of_the_conflict) {
    const Entry first = next_entry("w1");
    const Entry second = next_entry("w2");
    ASSERT_TRUE(commit(*files_, first));
    const Error refused = commit(*files_, second).error();
    EXPECT_EQ(refused.kind, ErrorKind::conflict);
    EXPECT_THAT(refused.message, HasSubstr("w1"));
    EXPECT_EQ(Chain::load(*files_, "files").value().entries[0].writer, "w1");
}

TEST_F(ChainTest, a_commit_whose_reply_was_lost_is_recognised_as_ours) {
    const Entry entry = next_entry();
    ASSERT_TRUE(commit(*files_, entry));
    ASSERT_TRUE(commit(*files_, entry));  // the target stands with our content
    EXPECT_EQ(Chain::load(*files_, "files").value().next_seq(), 1U);
}

TEST_F(ChainTest, a_commit_that_failed_before_the_rename_leaves_no_entry) {
    arm("storage.rename_no_replace=eio");
    EXPECT_EQ(commit(*files_, next_entry()).error().kind, ErrorKind::io);
    EXPECT_EQ(Chain::load(*files_, "files").value().next_seq(), 0U);
}

TEST_F(ChainTest, publication_moves_staged_files_and_may_be_repeated) {
    stage();
    const Entry entry = next_entry();
    ASSERT_TRUE(commit(*files_, entry));
    ASSERT_TRUE(publish(*files_, entry));
    EXPECT_EQ(files_->read(kFinal).value(), "abc");
    EXPECT_FALSE(files_->exists(kStaged).value());
    EXPECT_TRUE(publish(*files_, entry));
}

// A build finishes the newest entry without the lock, while its writer stages the next batch.
TEST_F(ChainTest, publication_leaves_what_its_writer_staged_since) {
    stage();
    const Entry first = next_entry();
    ASSERT_TRUE(commit(*files_, first));
    ASSERT_TRUE(publish(*files_, first));
    stage();  // even under the same name
    ASSERT_TRUE(files_->write_durably("_ingest/files/staging/w1/1-next.staged", "def"));
    ASSERT_TRUE(publish(*files_, first));
    EXPECT_TRUE(files_->exists(kStaged).value());
    Entry second = next_entry();
    second.outputs[0].staged = "_ingest/files/staging/w1/1-next.staged";
    second.outputs[0].final += "2";
    ASSERT_TRUE(commit(*files_, second));
    ASSERT_TRUE(publish(*files_, second));
    EXPECT_EQ(files_->read(second.outputs[0].final).value(), "def");
    EXPECT_EQ(files_->read(kFinal).value(), "abc");
}

TEST_F(ChainTest, publication_makes_the_entry_durable_before_its_files) {
    stage();
    const Entry entry = next_entry();
    ASSERT_TRUE(commit(*files_, entry));
    arm("storage.sync_directory=eio");
    EXPECT_FALSE(publish(*files_, entry));
    EXPECT_TRUE(files_->exists(kStaged).value());
}

TEST_F(ChainTest, recovery_finishes_the_newest_entry_and_clears_the_staging) {
    stage();
    ASSERT_TRUE(commit(*files_, next_entry()));
    ASSERT_TRUE(recover(*files_, Chain::load(*files_, "files").value()));
    EXPECT_EQ(files_->read(kFinal).value(), "abc");
    EXPECT_TRUE(files_->list("_ingest/files/staging").value().empty());
    EXPECT_TRUE(recover(*files_, Chain::load(*files_, "files").value()));
}

TEST_F(ChainTest, recovery_without_a_commit_drops_what_was_staged) {
    stage();
    ASSERT_TRUE(recover(*files_, Chain::load(*files_, "files").value()));
    EXPECT_FALSE(files_->exists(kStaged).value());
    EXPECT_FALSE(files_->exists(kFinal).value());
}

TEST_F(ChainTest, a_file_that_is_neither_staged_nor_final_stops_publication) {
    const Entry entry = next_entry();
    ASSERT_TRUE(commit(*files_, entry));
    const Error stopped = publish(*files_, entry).error();
    EXPECT_EQ(stopped.kind, ErrorKind::bad_data);
    EXPECT_THAT(stopped.message, HasSubstr(kFinal));
}

TEST_F(ChainTest, a_final_file_of_another_size_is_never_replaced) {
    stage();
    ASSERT_TRUE(files_->make_directories(storage::parent_path(kFinal)));
    ASSERT_TRUE(files_->write_durably(kFinal, "other content"));
    const Entry entry = next_entry();
    ASSERT_TRUE(commit(*files_, entry));
    EXPECT_EQ(publish(*files_, entry).error().kind, ErrorKind::bad_data);
    EXPECT_EQ(files_->read(kFinal).value(), "other content");
}

}  // namespace
}  // namespace bassline::lake
