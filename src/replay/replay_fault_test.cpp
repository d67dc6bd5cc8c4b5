// SPDX-License-Identifier: Apache-2.0
#include "base/test_fault.hpp"
#include "compact/failpoints.hpp"
#include "lake/failpoints.hpp"
#include "replay/failpoints.hpp"
#include "replay/test_replay_lake.hpp"

namespace bassline::replay {
namespace {

// Every storage call and every named place of a replay: fail there (or die there); readers see
// every record once, and the next replay finishes.
class ReplayFaultTest : public ReplayTest, public testing::WithParamInterface<const char*> {
protected:
    // As many rows as there were records, in files that stand.
    void expect_readable(std::uint64_t records) const {
        const auto files = lake::open_lake_read_only(lake()).value();
        const lake::LakeLog log = lake::load_log(*files).value();
        std::uint64_t rows = 0;
        for (const auto& [name, file] : log.live.files) {
            rows += file.output.rows;
            const auto info = files->stat(name);
            EXPECT_TRUE(info && info.value().bytes == file.output.bytes) << name;
        }
        EXPECT_EQ(rows, records);
    }
};

TEST_P(ReplayFaultTest, at_every_passing_leaves_every_record_readable_and_is_healed_by_the_next) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "starts processes, shows nothing about threads, and takes long here";
#endif
    ingest(home(kNowMs) + home(kTomorrowMs, 1) + "no JSON\n");
    ingest(next_song(kTomorrowMs) + "no JSON either\n");
    std::filesystem::rename(lake(), root_ + "/original");
    at_every_passing(
        GetParam(), {.first = 3, .stride = 59},
        [&] {
            std::filesystem::remove_all(lake());
            std::filesystem::copy(root_ + "/original", lake(),
                                  std::filesystem::copy_options::recursive);
        },
        [&] { return try_replay({.grace = {}}); },
        [&] {
            expect_readable(6);
            run({.grace = {}});
            EXPECT_EQ(rows(), std::pair(4ul, 2ul));
            EXPECT_EQ(seen_by_globs("_quarantine"), 1u);
        });
}

INSTANTIATE_TEST_SUITE_P(StorageCalls, ReplayFaultTest,
                         testing::Values("storage.create", "storage.append", "storage.sync",
                                         "storage.rename_no_replace", "storage.rename_over",
                                         "storage.link", "storage.sync_directory",
                                         "storage.make_directory", "storage.remove",
                                         "storage.remove_all"));
INSTANTIATE_TEST_SUITE_P(
    ChainPlaces, ReplayFaultTest,
    testing::Values(lake::kCommitBeforeStaged.data(), lake::kCommitBeforeRename.data(),
                    lake::kCommitAfterRename.data(), lake::kCommitAfterSync.data(),
                    lake::kPublishBeforeFile.data(), lake::kPublishBeforeSync.data(),
                    lake::kPublishDone.data(), lake::kRecoverBeforeJanitor.data()));
INSTANTIATE_TEST_SUITE_P(ReplayPlaces, ReplayFaultTest,
                         testing::Values(kJudged.data(), kRewritten.data(), kMerged.data(),
                                         compact::kSealed.data(), compact::kPublished.data(),
                                         kCommitted.data(), compact::kShown.data(),
                                         compact::kRemoved.data(), compact::kSwept.data()));

}  // namespace
}  // namespace bassline::replay
