// SPDX-License-Identifier: Apache-2.0
#include "lake/chain_archive.hpp"

#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/hash.hpp"
#include "base/test_folder.hpp"
#include "lake/chain.hpp"
#include "lake/names.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::lake {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kEntries = 2 * kEntriesAnArchive + 100;

class ChainArchiveTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("archive");
        files_ = storage::open_local(root_).value();
        std::filesystem::create_directories(root_ + "/_ingest/files/log");
        for (std::uint64_t seq = 0; seq < kEntries; ++seq) add_entry(seq);
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    // Straight into the log: nothing here asks how an entry came there.
    void add_entry(std::uint64_t seq, Timestamp committed_at = {}) {
        const std::string content = to_json({.chain = "files",
                                             .seq = seq,
                                             .prev_sha256 = head_,
                                             .writer = std::to_string(seq),
                                             .committed_at = committed_at});
        std::ofstream(files_->absolute(chain_entry_path("files", seq))) << content;
        head_ = sha256_hex(content);
    }
    void expect_whole_chain() const {
        const auto chain = Chain::load(*files_, "files");
        ASSERT_TRUE(chain) << chain.error().message;
        EXPECT_EQ(chain.value().next_seq(), kEntries);
        EXPECT_EQ(chain.value().head_sha256, head_);
        EXPECT_EQ(chain.value().entries[7].writer, "7");
    }
    // Whatever their age.
    Result<std::uint64_t> archive(std::uint64_t end) {
        return archive_entries(*files_, "files", end, Timestamp(std::chrono::seconds(0)),
                               {.newest = 0, .age = std::chrono::hours(-1)}, {});
    }
    std::size_t own_files() const {
        return files_->list(chain_log_directory("files")).value().size();
    }
    static void arm(const std::string& setting) {
        ASSERT_EQ(setenv("BASSLINE_FAILPOINTS", setting.c_str(), 1), 0);
        ASSERT_TRUE(arm_failpoints_from_environment());
    }

    std::string root_;
    std::string head_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(ChainArchiveTest, OnlyWholeArchivesAreMadeAndTheChainReadsAsBefore) {
    EXPECT_EQ(archive(kEntriesAnArchive - 1).value(), 0);
    EXPECT_EQ(archive(kEntriesAnArchive + 100).value(), kEntriesAnArchive);
    EXPECT_EQ(own_files(), kEntries - kEntriesAnArchive);
    expect_whole_chain();

    EXPECT_EQ(archive(kEntries).value(), kEntriesAnArchive);
    EXPECT_EQ(archived_end(*files_, "files").value(), 2 * kEntriesAnArchive);
    EXPECT_EQ(own_files(), 100);
    EXPECT_EQ(end_of_chain(*files_, "files").value(), kEntries);
    expect_whole_chain();
}

TEST_F(ChainArchiveTest, EntriesAreFoundOneByOneAndFromTheMiddle) {
    const std::string before = read_entry(*files_, "files", 989).value().sha256;
    ASSERT_TRUE(archive(kEntries));

    EXPECT_EQ(read_entry(*files_, "files", 989).value().sha256, before);
    EXPECT_EQ(Chain::follow(*files_, "files", 990, before).value().next_seq(), kEntries);
    EXPECT_EQ(Chain::load_after(*files_, "files", 990, before).value().head_sha256, head_);

    EntryReader entries(*files_, "files");
    const std::string later = entries.bytes(1500).value();
    EXPECT_EQ(sha256_hex(entries.bytes(989).value()), before);
    EXPECT_EQ(entries.bytes(1500).value(), later);
    EXPECT_EQ(entries.read(kEntries).error().kind, ErrorKind::not_found);
}

TEST_F(ChainArchiveTest, AnInterruptionAnywhereLosesNothingAndIsMadeGood) {
    for (const char* place :
         {"lake.archive.before_rename=eio@1", "lake.archive.before_rename=eio@2",
          "lake.archive.before_remove=eio@1", "lake.archive.before_remove=eio@700"}) {
        arm(place);
        EXPECT_FALSE(archive(kEntries)) << place;
        failpoints_armed = false;
        expect_whole_chain();
    }
    ASSERT_TRUE(archive(kEntries));
    EXPECT_EQ(own_files(), 100);
    expect_whole_chain();
}

TEST_F(ChainArchiveTest, TheNewestAndTheYoungKeepTheirFiles) {
    const auto at = [this](std::chrono::seconds now, ArchiveRule rule) {
        return archive_entries(*files_, "files", kEntries, Timestamp(now), rule, {}).value();
    };
    using std::chrono::hours;
    EXPECT_EQ(at(hours(1), {.newest = kEntries - kEntriesAnArchive + 1}), 0);
    EXPECT_EQ(at(hours(1) - std::chrono::seconds(1), {.newest = 0}), 0);
    EXPECT_EQ(own_files(), kEntries);
    EXPECT_EQ(at(hours(1), {}), kEntriesAnArchive);
}

TEST_F(ChainArchiveTest, AnEntryThatAClockAheadHasDatedIsAsOldAsTheNext) {
    const std::uint64_t ahead = kEntriesAnArchive - 1;
    head_ = read_entry(*files_, "files", ahead - 1).value().sha256;
    add_entry(ahead, Timestamp(std::chrono::hours(24 * 365)));
    for (std::uint64_t seq = ahead + 1; seq < kEntries; ++seq) add_entry(seq);
    const auto at = [this](std::chrono::seconds now) {
        return archive_entries(*files_, "files", kEntries, Timestamp(now), {.newest = 0}, {});
    };
    EXPECT_EQ(at(std::chrono::minutes(59)).value(), 0);
    EXPECT_EQ(at(std::chrono::hours(1)).value(), 2 * kEntriesAnArchive);
    expect_whole_chain();
}

TEST_F(ChainArchiveTest, AnOwnFileGoesOnlyIfTheArchiveHoldsTheSame) {
    std::vector<std::string> saved;
    for (std::uint64_t seq = 0; seq < kEntriesAnArchive; ++seq) {
        saved.push_back(files_->read(chain_entry_path("files", seq)).value());
    }
    ASSERT_TRUE(archive(kEntries));
    const auto give_back = [&](std::uint64_t seq, const std::string& content) {
        std::ofstream(files_->absolute(chain_entry_path("files", seq))) << content;
    };
    give_back(5, saved[6]);
    const auto differing = archive(kEntries);
    ASSERT_FALSE(differing);
    EXPECT_THAT(differing.error().message, HasSubstr("differs from the one in"));

    // An archive that was lost and whose entries came back from a copy is written again.
    for (std::uint64_t seq = 0; seq < kEntriesAnArchive; ++seq) give_back(seq, saved[seq]);
    std::filesystem::remove(files_->absolute(chain_archive_path("files", 0)));
    EXPECT_EQ(archive(kEntries).value(), kEntriesAnArchive);
    expect_whole_chain();
}

TEST_F(ChainArchiveTest, ANumberThatIsArchivedIsNeverCommittedAgain) {
    ASSERT_TRUE(archive(kEntries));
    const auto committed =
        commit(*files_, {.chain = "files", .seq = 7, .prev_sha256 = "x", .writer = "late"});
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().kind, ErrorKind::conflict);
    expect_whole_chain();
}

TEST_F(ChainArchiveTest, ADamagedOrMissingArchiveIsNamed) {
    ASSERT_TRUE(archive(kEntries));
    const std::string path = files_->absolute(chain_archive_path("files", kEntriesAnArchive));
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
    const auto damaged = Chain::load(*files_, "files");
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(damaged.error().message, HasSubstr(path));

    std::filesystem::remove(path);
    EXPECT_THAT(Chain::load(*files_, "files").error().message, HasSubstr("lacks entry 1000"));
}

}  // namespace
}  // namespace bassline::lake
