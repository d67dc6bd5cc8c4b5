// SPDX-License-Identifier: Apache-2.0
#include "lake/kafka_chain.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "base/test_folder.hpp"
#include "lake/chain_archive.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

using testing::HasSubstr;

const std::string kChainName = "kafka-listen_events-3";
const KafkaIdentity kIdentity{
    .cluster_id = "c", .topic = "listen_events", .topic_id = "t", .partition = 3, .start = 100};
constexpr Timestamp kCommittedAt{std::chrono::seconds(1'741'200'000)};
constexpr Timestamp kFarAhead{std::chrono::seconds(9'000'000'000)};

class KafkaChainTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-chain");
        files_ = storage::open_local(root_).value();
        ASSERT_TRUE(commit(*files_, kafka_genesis(kIdentity, "first", kCommittedAt)));
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    KafkaTail tail() const {
        auto loaded = load_kafka_tail(*files_, "listen_events", 3);
        EXPECT_TRUE(loaded && loaded.value()) << (loaded ? "" : loaded.error().message);
        return std::move(loaded).value().value();
    }
    // A batch with one staged file, not committed.
    Entry staged(const std::string& writer, std::uint64_t end) {
        const KafkaTail before = tail();
        Entry entry{.chain = kChainName,
                    .seq = before.next_seq(),
                    .prev_sha256 = before.head_sha256,
                    .writer = writer,
                    .committed_at = kCommittedAt,
                    .kafka_ranges = {{"listen_events", 3, before.end, end, ""}}};
        const std::string folder = staging_directory(kChainName, writer);
        const std::string content = "rows of " + writer;
        EXPECT_TRUE(files_->make_directories(folder));
        Output output{.staged = fmt::format("{}/{}-rows.staged", folder, entry.seq),
                      .topic = "listen_events",
                      .date = "2025-03-05",
                      .hour = 1,
                      .rows = 1,
                      .bytes = content.size()};
        output.xxh64 = files_->write_durably(output.staged, content).value().xxh64;
        entry.outputs.push_back(std::move(output));
        name_outputs(entry.outputs, kChainName, entry.seq);
        return entry;
    }
    bool stands(const std::string& path) const { return files_->exists(path).value(); }
    bool is_staged(const std::string& writer) const {
        return stands(staging_directory(kChainName, writer));
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(KafkaChainTest, a_partition_that_the_topic_had_not_at_first_appeared_later) {
    const auto appeared = [this](const char* topic, std::int32_t partition) {
        return appeared_later(*files_, topic, partition).value();
    };
    EXPECT_FALSE(appeared("listen_events", 4)) << "nothing tells how many there were";
    for (const std::int32_t partition : {0, 2}) {
        const KafkaIdentity identity{
            .topic = "auth_events", .partition = partition, .partitions = 4};
        ASSERT_TRUE(commit(*files_, kafka_genesis(identity, "first", kCommittedAt)));
    }
    EXPECT_FALSE(appeared("auth_events", 1));
    EXPECT_FALSE(appeared("auth_events", 3));
    EXPECT_TRUE(appeared("auth_events", 4));
    EXPECT_FALSE(appeared("other_events", 4));
}

TEST_F(KafkaChainTest, the_tail_says_what_is_read_and_where_it_goes_on) {
    EXPECT_EQ(tail().identity, kIdentity);
    EXPECT_EQ(tail().end, 100u);
    const Entry entry = staged("w", 180);
    ASSERT_TRUE(commit(*files_, entry));
    EXPECT_EQ(tail().end, 180u);
    EXPECT_EQ(tail().next_seq(), 2u);
    EXPECT_EQ(tail().newest.kafka_ranges, entry.kafka_ranges);
    EXPECT_FALSE(load_kafka_tail(*files_, "listen_events", 4).value());
}

TEST_F(KafkaChainTest, an_accepted_gap_is_kept_with_its_reason) {
    Entry gap = staged("w", 180);
    gap.kafka_ranges[0].gap = "retention";
    ASSERT_TRUE(commit(*files_, gap));
    EXPECT_EQ(tail().newest.kafka_ranges[0].gap, "retention");
}

TEST_F(KafkaChainTest, ranges_that_do_not_tile_are_damage) {
    Entry entry = staged("w", 180);
    entry.kafka_ranges[0].start = 90;
    ASSERT_TRUE(commit(*files_, entry));
    const auto loaded = load_kafka_tail(*files_, "listen_events", 3);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(loaded.error().message, HasSubstr("begins at offset 90"));
}

TEST_F(KafkaChainTest, of_two_writers_one_wins_and_both_may_publish) {
    const Entry mine = staged("mine", 150);
    const Entry theirs = staged("theirs", 160);
    ASSERT_TRUE(commit(*files_, mine));
    const auto lost = commit(*files_, theirs);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::conflict);
    ASSERT_TRUE(finish_kafka_entry(*files_, tail().newest));  // by the successor
    const auto again = finish_kafka_entry(*files_, mine);     // by the writer itself
    EXPECT_TRUE(again) << again.error().message;
    EXPECT_TRUE(stands(mine.outputs[0].final));
    EXPECT_FALSE(is_staged("mine"));
    EXPECT_TRUE(is_staged("theirs"));
    EXPECT_EQ(tail().end, 150u);
}

TEST_F(KafkaChainTest, a_writer_that_wakes_inside_publication_finds_it_done) {
    const Entry entry = staged("w", 150);
    ASSERT_TRUE(commit(*files_, entry));
    ASSERT_TRUE(finish_kafka_entry(*files_, entry));
    // Merged by a compaction since, while the writer slept between looking and renaming.
    ASSERT_TRUE(files_->remove(entry.outputs[0].final));
    ASSERT_TRUE(files_->make_directories(staging_directory(kChainName, "w")));
    auto published = publish(*files_, entry);
    EXPECT_FALSE(published) << "the log still names the file: it is lost, not merged";
    ASSERT_TRUE(files_->remove_all(staging_directory(kChainName, "w")));
    published = publish(*files_, entry);
    EXPECT_TRUE(published) << published.error().message;
}

TEST_F(KafkaChainTest, only_staging_at_rest_is_removed) {
    staged("young", 150);
    ASSERT_TRUE(
        remove_dead_staging(*files_, kChainName, kCommittedAt));  // older than any file here
    EXPECT_TRUE(is_staged("young"));
    ASSERT_TRUE(remove_dead_staging(*files_, kChainName, kFarAhead));
    EXPECT_FALSE(is_staged("young"));
}

TEST_F(KafkaChainTest, a_writer_whose_staging_was_removed_cannot_commit) {
    const Entry entry = staged("frozen", 150);
    ASSERT_TRUE(remove_dead_staging(*files_, kChainName, kFarAhead));
    EXPECT_FALSE(commit(*files_, entry));
    EXPECT_EQ(tail().end, 100u);
}

TEST_F(KafkaChainTest, staging_of_a_committed_entry_is_published_however_old) {
    const Entry entry = staged("w", 150);
    ASSERT_TRUE(commit(*files_, entry));
    ASSERT_TRUE(remove_dead_staging(*files_, kChainName, kFarAhead));
    EXPECT_TRUE(stands(entry.outputs[0].final));
    EXPECT_FALSE(is_staged("w"));
}

TEST_F(KafkaChainTest, what_a_janitor_set_aside_before_it_died_is_not_lost) {
    const Entry entry = staged("w", 150);
    ASSERT_TRUE(commit(*files_, entry));
    const std::string folder = staging_directory(kChainName, "w");
    ASSERT_TRUE(files_->rename_no_replace(folder, folder + ".dead"));
    staged("other", 170);
    ASSERT_TRUE(remove_dead_staging(*files_, kChainName, kCommittedAt));
    EXPECT_TRUE(stands(entry.outputs[0].final));
    EXPECT_TRUE(is_staged("other"));
}

class ArchivedKafkaChainTest : public KafkaChainTest {
protected:
    // Straight into the log: an entry a record, and nothing of it staged any more.
    void grow() {
        KafkaTail last = tail();
        for (std::uint64_t seq = 1; seq <= kEntriesAnArchive + 5; ++seq) {
            const std::string content =
                to_json({.chain = kChainName,
                         .seq = seq,
                         .prev_sha256 = last.head_sha256,
                         .writer = fmt::format("w{}", seq),
                         .committed_at = kCommittedAt,
                         .kafka_ranges = {{"listen_events", 3, last.end, last.end + 1, ""}}});
            std::ofstream(files_->absolute(chain_entry_path(kChainName, seq))) << content;
            last.head_sha256 = sha256_hex(content);
            ++last.end;
        }
    }
    std::uint64_t archive() {
        return archive_entries(*files_, kChainName, tail().next_seq(), kFarAhead, {.newest = 0}, {})
            .value();
    }
    bool has_own_file(std::uint64_t seq) const { return stands(chain_entry_path(kChainName, seq)); }
};

TEST_F(ArchivedKafkaChainTest, a_chain_in_archives_reads_and_grows_as_before) {
    grow();
    const KafkaTail before = tail();
    EXPECT_EQ(archive(), kEntriesAnArchive);
    EXPECT_FALSE(has_own_file(0));
    EXPECT_EQ(tail().identity, before.identity);
    EXPECT_EQ(tail().end, before.end);
    EXPECT_EQ(Chain::load(*files_, kChainName).value().head_sha256, before.head_sha256);

    const Entry next = staged("next", before.end + 10);
    ASSERT_TRUE(commit(*files_, next));
    ASSERT_TRUE(finish_kafka_entry(*files_, next));
    EXPECT_EQ(tail().end, before.end + 10);
}

TEST_F(ArchivedKafkaChainTest, entries_keep_their_names_while_a_frozen_writer_could_take_one) {
    const Entry frozen = staged("frozen", 150);
    ASSERT_TRUE(files_->write_durably(staged_entry_path(kChainName, "frozen", frozen.seq), "{}"));
    grow();
    EXPECT_EQ(archive(), 0u);
    EXPECT_TRUE(has_own_file(frozen.seq));
    const auto lost = commit(*files_, frozen);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::conflict);

    ASSERT_TRUE(remove_dead_staging(*files_, kChainName, kFarAhead));
    EXPECT_EQ(archive(), kEntriesAnArchive);
    EXPECT_FALSE(has_own_file(frozen.seq));
}

TEST_F(ArchivedKafkaChainTest, a_writer_that_stages_after_the_archive_finds_its_number_taken) {
    Entry late = staged("late", 150);
    ASSERT_TRUE(remove_dead_staging(*files_, kChainName, kFarAhead));
    grow();
    EXPECT_EQ(archive(), kEntriesAnArchive);
    const std::uint64_t end = tail().end;
    ASSERT_TRUE(files_->make_directories(staging_directory(kChainName, "late")));
    const auto refused = commit(*files_, late);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("archived long ago"));
    EXPECT_FALSE(has_own_file(late.seq));
    EXPECT_EQ(tail().end, end);
}

}  // namespace
}  // namespace bassline::lake
