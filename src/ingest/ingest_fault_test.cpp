// SPDX-License-Identifier: Apache-2.0
#include "base/test_fault.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/test_compression.hpp"
#include "ingest/test_ingest_lake.hpp"
#include "lake/failpoints.hpp"

namespace bassline::ingest {
namespace {

// Every storage call and every named place of a small ingest, one after the other: fail there (or
// die there), start again, and everything is there exactly once.
class FaultTest : public IngestTest, public testing::WithParamInterface<const char*> {
protected:
    void write_input() const {
        write("a.json", events(0, 20));
        write("b.json.gz", gzip(events(100, 110) + "half a line"));
    }
};

TEST_P(FaultTest, at_every_passing_is_healed_by_the_next_run) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "starts processes, shows nothing about threads, and takes long here";
#endif
    at_every_passing(
        GetParam(), {.first = 12, .stride = 17},
        [&] {
            std::filesystem::remove_all(root_ + "/lake");
            std::filesystem::remove_all(root_ + "/in");
            std::filesystem::create_directory(root_ + "/in");
            write_input();
        },
        [&] { return try_ingest({.inputs = {in("")}, .threads = 1}); },
        [&] {
            EXPECT_FALSE(run().refused());
            expect_lake(30, 1);
        });
}

INSTANTIATE_TEST_SUITE_P(StorageCalls, FaultTest,
                         testing::Values("storage.create", "storage.append", "storage.sync",
                                         "storage.rename_no_replace", "storage.sync_directory",
                                         "storage.make_directory", "storage.remove",
                                         "storage.remove_all"));
INSTANTIATE_TEST_SUITE_P(
    ChainPlaces, FaultTest,
    testing::Values(lake::kCommitBeforeStaged.data(), lake::kCommitBeforeRename.data(),
                    lake::kCommitAfterRename.data(), lake::kCommitAfterSync.data(),
                    lake::kPublishBeforeFile.data(), lake::kPublishBeforeSync.data(),
                    lake::kPublishDone.data(), lake::kRecoverBeforeJanitor.data()));
INSTANTIATE_TEST_SUITE_P(BatchPlaces, FaultTest,
                         testing::Values(kClaimed.data(), kStagingMade.data(),
                                         kBlockConsumed.data(), kWorkerDone.data(), kSealed.data(),
                                         kPublished.data(), kCleaned.data()));

}  // namespace
}  // namespace bassline::ingest
