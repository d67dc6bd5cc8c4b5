// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest.hpp"

#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "ingest/test_compression.hpp"
#include "ingest/test_ingest_lake.hpp"
#include "lake/names.hpp"

// The whole way from files to a lake: what becomes of files that are moved, grown, cut or damaged.
namespace bassline::ingest {
namespace {

using testing::HasSubstr;

std::string notice_of(const IngestSummary& summary, NoticeKind kind) {
    for (const Notice& notice : summary.notices) {
        if (notice.kind == kind) return notice.text;
    }
    return "";
}

TEST_F(IngestTest, a_second_run_over_the_same_files_writes_nothing) {
    write("a.json", events(0, 100));
    write("b.json", events(100, 150));
    EXPECT_EQ(written(run()), 150U);
    EXPECT_EQ(run().entries, 0U);
    EXPECT_EQ(entries(), 2U);  // the genesis and one batch
    expect_lake(150);
}

TEST_F(IngestTest, a_moved_copied_or_compressed_file_adds_nothing) {
    write("a.json", events(0, 100));
    run();
    move("a.json", "b.json");
    EXPECT_THAT(notice_of(run(), NoticeKind::already_ingested), HasSubstr("in/a.json"));
    write("copy.json", events(0, 100));
    write("copy.json.gz", gzip(events(0, 100)));
    write("copy.json.zst", zstd(events(0, 100)));
    const IngestSummary again = run();
    EXPECT_EQ(written(again), 0U);
    EXPECT_FALSE(again.refused());
    expect_lake(100);
    EXPECT_EQ(run().entries, 0U);  // the new paths are known by now
}

TEST_F(IngestTest, copies_that_arrive_together_are_read_once) {
    write("a.json", events(0, 3000));
    write("a.json.gz", gzip(events(0, 3000)));
    write("b.json", events(0, 3000));
    write("begins_alike.json", events(0, 10));
    EXPECT_EQ(written(run()), 3000U);
    expect_lake(3000);
}

TEST_F(IngestTest, a_longer_compressed_copy_that_arrives_together_is_a_continuation) {
    write("a.json.gz", gzip(events(0, 4000)));
    write("b.json.zst", zstd(events(0, 3000)));
    write("c.json.gz", gzip(events(0, 2000)));
    EXPECT_EQ(written(run()), 4000U);
    expect_lake(4000);
}

TEST_F(IngestTest, files_that_only_begin_alike_are_different_sources) {
    write("a.json", events(0, 3000) + events(5000, 5001));
    write("b.json", events(0, 3000) + events(6000, 6002));
    run();
    expect_lake(6003);
}

TEST_F(IngestTest, a_grown_file_goes_on_where_it_was_read_to) {
    write("a.json", events(0, 100));
    run();
    append("a.json", events(100, 130));
    EXPECT_EQ(written(run()), 30U);
    expect_lake(130);
}

TEST_F(IngestTest, a_copy_that_grew_goes_on_and_the_older_copy_is_no_error) {
    write("a.json", events(0, 100));
    run();
    write("b.json", events(0, 120));
    EXPECT_EQ(written(run()), 20U);
    const IngestSummary both = run();
    EXPECT_FALSE(both.refused());
    EXPECT_EQ(written(both), 0U);
    append("a.json", events(900, 901));  // not what b.json went on with
    EXPECT_TRUE(run().refused());
    expect_lake(120);
}

TEST_F(IngestTest, a_compressed_file_with_another_member_goes_on) {
    write("a.json.gz", gzip(events(0, 100)));
    run();
    append("a.json.gz", gzip(events(100, 150)));
    EXPECT_EQ(written(run()), 50U);
    expect_lake(150);
}

TEST_F(IngestTest, a_rotated_file_is_read_to_its_end_and_its_path_begins_anew) {
    write("app.log", events(0, 100));
    run();
    append("app.log", events(100, 110));
    move("app.log", "app.log.1");
    write("app.log", events(200, 250));
    const IngestSummary rotated = run();
    EXPECT_EQ(written(rotated), 60U);
    EXPECT_FALSE(rotated.refused());
    move("app.log.1", "app.log.2");
    move("app.log", "app.log.1");
    write("app.log", "");
    EXPECT_FALSE(run().refused());
    append("app.log", events(300, 305));
    EXPECT_EQ(written(run()), 5U);
    expect_lake(165);
}

TEST_F(IngestTest, a_path_whose_content_was_moved_away_earlier_begins_anew) {
    write("app.log", events(0, 100));
    run();
    move("app.log", "old.log");
    run({"old.log"});
    write("app.log", events(100, 150));
    EXPECT_EQ(written(run({"app.log"})), 50U);
    expect_lake(150);
}

TEST_F(IngestTest, a_truncated_file_is_refused_with_both_sizes_and_the_others_go_on) {
    const std::string whole = events(0, 100);
    const std::string part = events(0, 40);
    write("a.json", whole);
    run();
    write("a.json", part);
    write("b.json", events(200, 210));
    const IngestSummary summary = run();
    EXPECT_TRUE(summary.refused());
    EXPECT_EQ(written(summary), 10U);
    const std::string text = notice_of(summary, NoticeKind::refused);
    EXPECT_THAT(text, HasSubstr(std::to_string(whole.size())));
    EXPECT_THAT(text, HasSubstr(std::to_string(part.size())));
    expect_lake(110);
}

TEST_F(IngestTest, a_replaced_file_is_refused) {
    write("a.json", events(0, 100));
    run();
    write("a.json", events(500, 700));
    EXPECT_TRUE(run().refused());
    expect_lake(100);
}

TEST_F(IngestTest, a_last_line_without_newline_is_a_record_once) {
    write("a.json", events(0, 10) + event(10));
    EXPECT_EQ(written(run()), 11U);
    append("a.json", "\n" + event(11));
    EXPECT_EQ(written(run()), 1U);
    expect_lake(12);
}

TEST_F(IngestTest, half_a_line_waits_for_its_rest) {
    const std::string line = event(10);
    write("a.json", events(0, 10) + line.substr(0, 40));
    const IngestSummary first = run();
    EXPECT_EQ(written(first), 10U);
    EXPECT_EQ(first.pending_bytes, 40U);
    append("a.json", line.substr(40) + "\n");
    EXPECT_EQ(written(run()), 1U);
    expect_lake(11);
}

TEST_F(IngestTest, half_a_line_of_a_closed_gzip_is_quarantined) {
    write("a.json.gz", gzip(events(0, 10) + event(10).substr(0, 40)));
    run();
    expect_lake(10, 1);
    EXPECT_EQ(run().entries, 0U);
}

TEST_F(IngestTest, what_precedes_damage_is_committed_and_the_repaired_file_goes_on) {
    for (const auto& [name, whole] : {std::pair{"a.json.gz", gzip(events(0, 40'000))},
                                      std::pair{"b.json.zst", zstd(events(50'000, 90'000))}}) {
        write(name, whole.substr(0, whole.size() / 2));
        EXPECT_TRUE(run().refused()) << name;
        EXPECT_TRUE(run().refused()) << name;
        write(name, whole);
        EXPECT_FALSE(run().refused()) << name;
    }
    expect_lake(80'000);
}

TEST_F(IngestTest, garbage_after_a_gzip_is_reported_and_padding_is_not) {
    write("padded.json.gz", gzip(events(0, 10)) + std::string(512, '\0'));
    EXPECT_FALSE(run({"padded.json.gz"}).refused());
    write("garbage.json.gz", gzip(events(100, 110)) + "garbage");
    EXPECT_TRUE(run({"garbage.json.gz"}).refused());
    expect_lake(20);
}

TEST_F(IngestTest, an_endless_line_is_one_quarantined_record_wherever_it_stands) {
    const std::string endless = "{\"x\":\"" + std::string(3 << 20, 'y') + "\"}\n";
    write("a.json", event(0) + "\n" + endless + events(1, 3));
    write("b.json.gz", gzip(endless + events(10, 12)));
    write("c.json.gz", gzip(events(20, 22) + endless.substr(0, 2 << 20)));
    run({"a.json", "b.json.gz", "c.json.gz"});
    expect_lake(7, 3);
}

TEST_F(IngestTest, an_endless_line_without_end_is_pending_in_a_plain_file) {
    const std::string endless(3 << 20, 'y');
    write("a.json", events(0, 5) + endless);
    EXPECT_EQ(run().pending_bytes, endless.size());
    append("a.json", "\n" + events(5, 6));
    run();
    expect_lake(6, 1);
}

TEST_F(IngestTest, a_folder_is_looked_at_and_a_named_file_is_always_read) {
    write("log.json", events(0, 5));
    write("notes.md", "# notes\n");
    write("config.json", "{\"ts\":1}\n");
    EXPECT_EQ(written(run()), 5U);
    run({"notes.md"});
    expect_lake(5, 1);
}

TEST_F(IngestTest, a_batch_is_cut_by_bytes_and_large_files_are_split_over_threads) {
    std::string large;
    for (int item = 0; large.size() < (26u << 20); item += 1000)
        large += events(item, item + 1000, 3);
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(large, '\n'));
    write("large.json", large);
    write("small.json", events(10'000'000, 10'000'010));
    const auto outcome = try_ingest({.inputs = {in("")}, .threads = 2, .batch_bytes = 8u << 20});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_GE(outcome.value().entries, 2U);
    expect_lake(lines + 10);
}

TEST_F(IngestTest, the_smallest_limits_get_on_and_none_at_all_is_refused) {
    for (int file = 0; file < 5; ++file) {
        write(fmt::format("{}.json", file), events(file, file + 1));
    }
    ASSERT_TRUE(try_ingest({.inputs = {in("")}, .commit_interval = std::chrono::milliseconds(1)}));
    expect_lake(5);
    const auto refused = [&](IngestOptions options) {
        options.inputs = {in("")};
        const auto outcome = try_ingest(options);
        return !outcome && outcome.error().kind == ErrorKind::usage;
    };
    EXPECT_TRUE(refused({.batch_bytes = 0}));
    EXPECT_TRUE(refused({.commit_interval = std::chrono::milliseconds(0)}));
    EXPECT_TRUE(refused({.commit_interval = std::chrono::milliseconds::max()}));
}

TEST_F(IngestTest, following_a_pipe_beside_other_inputs_is_refused) {
    const auto outcome = try_ingest({.inputs = {"-", in("")}, .follow = true});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::usage);
}

TEST_F(IngestTest, a_batch_of_no_time_still_hands_out_a_piece) {
    write("a.json", events(0, 5));
    const std::vector<SourceToRead> sources{
        {.path = in("a.json"),
         .end = events(0, 5).size(),
         .identity = InputFile::open(in("a.json")).value()->identity()}};
    BatchFeed feed(sources, 1, {});
    feed.start_batch({.input_bytes = 1, .deadline = {}});
    EXPECT_TRUE(feed.take().value());
    EXPECT_TRUE(feed.exhausted());
}

TEST_F(IngestTest, many_small_files_make_one_entry_and_one_file_an_hour_and_thread) {
    for (int file = 0; file < 300; ++file) {
        write(fmt::format("{:03}.json", file), events(file * 20, file * 20 + 20, 4));
    }
    const IngestSummary summary = run();
    EXPECT_EQ(summary.entries, 1U);
    EXPECT_LE(summary.topics.at("page_view_events").files, 4U * 2U);
    expect_lake(6000);
}

TEST_F(IngestTest, a_stop_commits_what_is_whole_and_the_next_run_goes_on) {
    write("a.json.gz", gzip(events(0, 60'000)));
    std::stop_source stop;
    {
        const auto files = lake::open_lake(root_ + "/lake").value();
        Progress progress;
        std::jthread stopper([&] {
            while (progress.lines == 0) std::this_thread::yield();
            stop.request_stop();
        });
        const auto stopped = ingest(*files, {.inputs = {in("a.json.gz")}}, IngestClock(),
                                    stop.get_token(), progress, [](const Notice&) {});
        ASSERT_TRUE(stopped) << stopped.error().message;
        EXPECT_TRUE(stopped.value().interrupted);
    }
    run();
    expect_lake(60'000);
}

TEST_F(IngestTest, following_reads_what_is_appended_through_a_rename) {
    write("app.log", events(0, 10));
    std::stop_source stop;
    const auto files = lake::open_lake(root_ + "/lake").value();
    Progress progress;
    const auto wait_for = [&](std::uint64_t lines) {
        for (int i = 0; i < 1000 && progress.lines < lines; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_EQ(progress.lines, lines);
    };
    std::jthread follower([&] {
        const auto done = ingest(*files,
                                 {.inputs = {in("app.log")},
                                  .commit_interval = std::chrono::milliseconds(20),
                                  .follow = true},
                                 IngestClock(), stop.get_token(), progress, [](const Notice&) {});
        EXPECT_TRUE(done) << done.error().message;
    });
    wait_for(10);
    append("app.log", events(10, 15));
    wait_for(15);
    std::ofstream still_open(in("app.log"), std::ios::app);
    move("app.log", "app.log.1");
    still_open << events(15, 18) << std::flush;  // the producer has not noticed yet
    write("app.log", events(100, 104));
    wait_for(22);
    still_open << events(18, 19) << std::flush;
    wait_for(23);
    stop.request_stop();
    follower.join();
    expect_lake(23);
    run();  // the renamed file is now looked at under its new name
    expect_lake(23);
}

TEST_F(IngestTest, a_second_writer_is_refused_by_the_pid_of_the_first) {
    write("a.json", events(0, 5));
    const auto files = lake::open_lake(root_ + "/lake").value();
    const auto lock = lake::lock_chain(*files, lake::kFilesChain);
    const auto refused = try_ingest({.inputs = {in("")}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(getpid())));
}

TEST_F(IngestTest, the_log_is_folded_into_a_checkpoint_that_the_next_start_uses) {
    for (int file = 0; file < 102; ++file) {
        write(fmt::format("{:03}.json", file), events(file, file + 1));
    }
    const auto outcome = try_ingest({.inputs = {in("")}, .threads = 1, .batch_bytes = 1});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome.value().entries, 102U);
    EXPECT_TRUE(std::filesystem::exists(root_ + "/lake/" +
                                        lake::chain_checkpoint_path(lake::kFilesChain, 100)));
    EXPECT_EQ(run().entries, 0U);
    expect_lake(102);
}

TEST_F(IngestTest, a_verification_that_is_stopped_gives_no_verdict) {
    write("a.json", events(0, 5));
    run();
    std::filesystem::remove_all(root_ + "/lake/bronze");  // there would be a finding
    std::stop_source stop;
    const auto files = lake::open_lake_read_only(root_ + "/lake").value();
    const auto check = [&] { return verify(*files, {.scratch = root_, .stop = stop.get_token()}); };
    EXPECT_FALSE(check().value().ok());
    stop.request_stop();
    const auto stopped = check();
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace bassline::ingest
