// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "ingest/test_compression.hpp"
#include "ingest/test_ingest_lake.hpp"

// Inputs that hold only the beginning of what was ingested: older copies and unfinished ones.
namespace bassline::ingest {
namespace {

class SourceCopiesTest : public IngestTest {
protected:
    // Nothing was written, nothing refused, and that was said.
    void expect_nothing_new(NoticeKind kind, const std::string& text) {
        const IngestSummary summary = run();
        EXPECT_EQ(summary.entries, 0U);
        EXPECT_FALSE(summary.refused());
        EXPECT_TRUE(std::ranges::any_of(summary.notices, [&](const Notice& notice) {
            return notice.kind == kind && notice.text.find(text) != std::string::npos;
        })) << text;
    }
    static std::string cut(const std::string& bytes) { return bytes.substr(0, bytes.size() / 2); }

    const std::string whole_ = events(0, 3000);  // more than 64 KiB
};

TEST_F(SourceCopiesTest, a_shorter_copy_adds_nothing_however_short_and_however_compressed) {
    write("app.log", whole_);
    run();
    for (const int end : {1, 10, 1000, 2999}) {
        const std::string part = events(0, end);
        for (const std::string& copy : {part, gzip(part), zstd(part)}) {
            write("old.log", copy);
            expect_nothing_new(NoticeKind::already_ingested, "in/app.log");
        }
    }
    write("old.log", whole_.substr(0, 100'000));  // in the middle of a line
    expect_nothing_new(NoticeKind::already_ingested, "in/app.log");
    expect_lake(3000);
}

TEST_F(SourceCopiesTest, a_copy_in_the_making_adds_nothing_and_whole_it_is_the_source) {
    const std::string large = events(0, 40'000);
    write("app.log", large);
    run();
    for (const std::string& copy : {large, gzip(large), zstd(large)}) {
        write("app.log.1", cut(copy));
        expect_nothing_new(NoticeKind::already_ingested, "in/app.log");
        write("app.log.1", copy);
        EXPECT_EQ(written(run()), 0U);
    }
    expect_lake(40'000);
}

TEST_F(SourceCopiesTest, a_renamed_log_and_its_half_written_gzip_are_told_in_one_run) {
    const std::string large = events(0, 40'000);
    write("app.log", large);
    run();
    move("app.log", "app.log.1");
    write("app.log.1.gz", cut(gzip(large)));
    EXPECT_EQ(written(run()), 0U);
    write("app.log.1.gz", gzip(large));
    std::filesystem::remove(in("app.log.1"));
    EXPECT_EQ(written(run()), 0U);
    expect_lake(40'000);
}

TEST_F(SourceCopiesTest, a_beginning_that_grows_differently_is_a_source_from_its_start) {
    write("app.log", events(0, 100));
    run();
    write("other.log", events(0, 1));
    expect_nothing_new(NoticeKind::already_ingested, "in/app.log");
    append("other.log", events(500, 503));
    EXPECT_EQ(written(run()), 4U);
    expect_lake(104);
}

TEST_F(SourceCopiesTest, shorter_logs_that_only_begin_alike_are_sources) {
    write("app.log", whole_);
    run();
    write("short.log", events(0, 5) + events(7000, 7001));
    write("long.log", events(0, 2000) + events(8000, 8002));
    EXPECT_EQ(written(run()), 2008U);
    expect_lake(5008);
}

TEST_F(SourceCopiesTest, what_begins_like_a_source_that_is_gone_waits_until_it_can_be_told) {
    write("app.log", whole_);
    run();
    std::filesystem::remove(in("app.log"));
    write("old.log", events(0, 2000));
    expect_nothing_new(NoticeKind::pending, "begins like");
    write("old.log", events(0, 2000) + events(8000, 8001));
    write("app.log", whole_);  // the whole file stands again
    EXPECT_EQ(written(run()), 2001U);
    expect_lake(5001);
}

TEST_F(SourceCopiesTest, a_copy_over_the_path_of_an_older_log_adds_nothing) {
    write("app.log.1", events(5000, 5100));
    write("app.log", whole_);
    run();
    move("app.log.1", "app.log.2");
    write("app.log.1", events(0, 1000));
    EXPECT_EQ(written(run()), 0U);
    write("app.log.1", whole_);
    EXPECT_EQ(written(run()), 0U);
    expect_lake(3100);
}

TEST_F(SourceCopiesTest, a_copy_known_under_its_path_grows_without_a_refusal) {
    write("copy.log", events(0, 1000));
    run();
    write("app.log", whole_);
    run();
    append("copy.log", events(1000, 2000));
    EXPECT_FALSE(run().refused());
    append("copy.log", events(2000, 3000));
    EXPECT_FALSE(run().refused());
    expect_lake(3000);
}

TEST_F(SourceCopiesTest, a_log_that_is_truncated_after_a_copy_that_lacks_its_last_lines_goes_on) {
    write("app.log", whole_);
    run();
    write("app.log.1", events(0, 2990));
    write("app.log", events(5000, 5010));
    const IngestSummary rotated = run();
    EXPECT_FALSE(rotated.refused());
    EXPECT_EQ(written(rotated), 10U);
    expect_lake(3010);
}

TEST_F(SourceCopiesTest, following_through_a_copytruncate_reads_every_event_once) {
    write("app.log", events(0, 500));  // less than 64 KiB: only a comparison tells
    std::stop_source stop;
    const auto files = lake::open_lake(root_ + "/lake").value();
    Progress progress;
    std::atomic<int> copies = 0;
    const auto wait_until = [](const auto& condition) {
        for (int i = 0; i < 1000 && !condition(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_TRUE(condition());
    };
    std::jthread follower([&] {
        const auto done =
            ingest(*files,
                   {.inputs = {in("app.log*")},
                    .commit_interval = std::chrono::milliseconds(20),
                    .follow = true},
                   IngestClock(), stop.get_token(), progress, [&](const Notice& notice) {
                       EXPECT_NE(notice.kind, NoticeKind::refused) << notice.text;
                       copies += notice.kind == NoticeKind::already_ingested ? 1 : 0;
                   });
        EXPECT_TRUE(done) << done.error().message;
    });
    wait_until([&] { return progress.lines == 500; });
    write("unfinished", events(0, 490));  // what came after it is lost by the truncation
    move("unfinished", "app.log.1");      // so that it is looked at once
    wait_until([&] { return copies == 1; });
    write("app.log", events(600, 700));
    wait_until([&] { return progress.lines == 600; });
    stop.request_stop();
    follower.join();
    expect_lake(600);
}

}  // namespace
}  // namespace bassline::ingest
