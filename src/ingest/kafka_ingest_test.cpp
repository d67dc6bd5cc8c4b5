// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_ingest.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/kafka_committer.hpp"
#include "ingest/metrics.hpp"
#include "ingest/test_kafka_ingest.hpp"
#include "lake/failpoints.hpp"

namespace bassline::ingest {
namespace {

using testing::HasSubstr;

TEST_F(KafkaIngestTest, what_is_in_the_topic_comes_in_once) {
    produce(0, 40, 0);
    produce(40, 50, 1);
    const KafkaSummary first = run();
    EXPECT_EQ(written(first), 50u);
    EXPECT_EQ(first.rotations, (std::map<std::string, std::uint64_t>{{"end", 2}}));
    EXPECT_EQ(written(run()), 0u);
    produce(50, 60, 1);
    EXPECT_EQ(written(run()), 10u);
    EXPECT_EQ(chain_end(0), 40u);
    EXPECT_EQ(chain_end(1), 20u);
    expect_lake(60);
}

TEST_F(KafkaIngestTest, a_batch_is_committed_by_time_without_a_new_record) {
    produce(0, 5);
    KafkaIngestOptions following = options();
    following.follow = true;
    following.limits.commit_interval = std::chrono::milliseconds(100);
    std::stop_source stop;
    following.on_commit = [&stop](const lake::Entry&) { stop.request_stop(); };
    const auto summary = try_ingest(following, stop.get_token());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary.value().rotations.at("time"), 1u);
    EXPECT_TRUE(summary.value().ingest.interrupted);
    EXPECT_EQ(written(run()) + written(summary.value()), 5u);
    expect_lake(5);
}

TEST_F(KafkaIngestTest, a_stop_commits_what_was_read) {
    produce(0, 1, 0);
    produce(0, 1, 1);
    Metrics metrics("1", "a");
    KafkaIngestOptions following = options();  // nothing is due within its time
    following.follow = true;
    following.metrics = &metrics;
    std::stop_source stop;
    std::jthread stopper([&] {
        const auto was_read = [&](int partition) {
            const std::string line = fmt::format(
                "bassline_ingest_consumed_records_total{{topic=\"{}\",partition=\"{}\"}} 1\n",
                kTopic, partition);
            return metrics.text(clock_.now()).find(line) != std::string::npos;
        };
        while (!was_read(0) || !was_read(1)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        stop.request_stop();
    });
    const auto summary = try_ingest(following, stop.get_token());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary.value().rotations, (std::map<std::string, std::uint64_t>{{"shutdown", 2}}));
    EXPECT_EQ(written(summary.value()), 2u);
    EXPECT_EQ(written(run()), 0u);
    expect_lake(2);
}

TEST_F(KafkaIngestTest, no_page_of_metrics_says_that_more_was_written_than_read) {
    constexpr int kRecords = 6;
    produce(0, 1);
    Metrics metrics("1", "a");
    KafkaIngestOptions following = following_options();
    following.limits.batch_rows = 1;
    following.metrics = &metrics;
    std::stop_source stop;
    int commits = 0;
    following.on_commit = [&](const lake::Entry&) {
        ++commits;
        EXPECT_THAT(metrics.text(clock_.now()),
                    HasSubstr(fmt::format("bassline_ingest_consumed_records_total{{topic=\"{}\","
                                          "partition=\"0\"}} {}\n",
                                          kTopic, commits)));
        if (commits == kRecords) stop.request_stop();
        if (commits < kRecords) produce(commits, commits + 1);
    };
    ASSERT_TRUE(try_ingest(following, stop.get_token()));
    expect_lake(kRecords);
}

TEST_F(KafkaIngestTest, a_stop_at_any_place_loses_and_doubles_nothing) {
    std::vector<std::string> places(kKafkaFailpoints.begin(), kKafkaFailpoints.end());
    for (const auto place : {lake::kCommitBeforeRename, lake::kCommitAfterRename,
                             lake::kPublishBeforeFile, lake::kPublishDone}) {
        places.emplace_back(place);
    }
    int end = 0;
    for (const std::string& place : places) {
        SCOPED_TRACE(place);
        produce(end, end + 10, 0);
        produce(end, end + 10, 1);
        end += 10;
        ::setenv("BASSLINE_FAILPOINTS", (place + "=eio").c_str(), 1);
        ASSERT_TRUE(arm_failpoints_from_environment());
        const auto stopped = try_ingest(options());
        failpoints_armed = false;
        EXPECT_FALSE(stopped);
        run();
        expect_lake(2 * static_cast<std::uint64_t>(end));
    }
}

TEST_F(KafkaIngestTest, another_writer_of_the_partition_is_given_way_to) {
    produce(0, 10);
    KafkaIngestOptions following = following_options();
    std::stop_source stop;
    bool meddled = false;
    std::uint64_t rows = 0;
    following.on_commit = [&](const lake::Entry& entry) {
        rows += entry.counters.begin()->second.written;
        if (!meddled) {  // as one that has read the same records would
            KafkaCommitter other(
                *files_, clock_,
                {lake::load_kafka_tail(*files_, kTopic, 0).value()->identity.cluster_id, kTopic, "",
                 0});
            EXPECT_TRUE(other.load().value());
            produce(10, 20);
            EXPECT_TRUE(other.accept_gap(other.next() + 3, "test"));
            meddled = true;
        }
        if (rows == 17) stop.request_stop();
    };
    const auto summary = try_ingest(following, stop.get_token());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(written(summary.value()), 17u);
    EXPECT_EQ(chain_end(), 20u);
    expect_lake(17);
}

TEST_F(KafkaIngestTest, a_group_shares_partitions_and_a_member_may_leave) {
    produce(0, 50, 0);
    produce(50, 100, 1);
    KafkaIngestOptions first = options();
    first.follow = true;
    first.limits.commit_interval = std::chrono::milliseconds(50);
    first.cluster.properties = {{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "200"}};
    KafkaIngestOptions second = first;
    std::stop_source stop_first;
    std::stop_source stop_second;
    std::atomic<std::uint64_t> rows{0};
    std::atomic<bool> second_has_some{false};
    first.on_commit = [&](const lake::Entry& entry) {
        for (const auto& output : entry.outputs) rows += output.rows;
    };
    second.on_commit = [&](const lake::Entry& entry) {
        for (const auto& output : entry.outputs) rows += output.rows;
        second_has_some = true;
    };
    std::jthread one([&] { EXPECT_TRUE(try_ingest(first, stop_first.get_token())); });
    while (rows < 100) std::this_thread::yield();
    std::jthread two([&] { EXPECT_TRUE(try_ingest(second, stop_second.get_token())); });
    int end = 100;
    while (!second_has_some) {
        produce(end, end + 1, 0);
        produce(end, end + 1, 1);
        ++end;
    }
    stop_first.request_stop();
    one.join();
    const auto total = 100 + 2 * static_cast<std::uint64_t>(end - 100);
    while (rows < total) std::this_thread::yield();
    stop_second.request_stop();
    two.join();
    expect_lake(total);
}

TEST_F(KafkaIngestTest, offsets_that_were_removed_unread_stop_the_run_or_are_recorded) {
    produce(0, 3);
    run();
    const std::string large(900'000, 'x');
    for (int count = 0; count < 10; ++count) cluster_->produce(kTopic, 0, large);
    const auto stopped = try_ingest(options());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(stopped.error().message, HasSubstr("gap page_view_events p=0 3.."));
    EXPECT_EQ(chain_end(), 3u);
    KafkaIngestOptions accepting = options();
    accepting.accept_gap = true;
    const auto accepted = try_ingest(accepting);
    ASSERT_TRUE(accepted) << accepted.error().message;
    EXPECT_EQ(accepted.value().gaps_accepted, 1u);
    const std::uint64_t lost = verify(*files_, {.scratch = root_}).value().partitions[0].lost;
    EXPECT_GT(lost, 0u);
    expect_lake(3, 10 - lost);
}

TEST_F(KafkaIngestTest, an_end_that_the_partition_does_not_have_stops_the_run) {
    produce(0, 3);
    run();
    KafkaCommitter ahead(
        *files_, clock_,
        {lake::load_kafka_tail(*files_, kTopic, 0).value()->identity.cluster_id, kTopic, "", 0});
    ASSERT_TRUE(ahead.load().value());
    ASSERT_TRUE(ahead.accept_gap(120, "as if the topic had been longer"));
    const auto stopped = try_ingest(options());
    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().message,
                HasSubstr("page_view_events p=0 was read up to 120, but ends at 3"));
}

TEST_F(KafkaIngestTest, hours_that_all_partitions_have_passed_are_marked_complete) {
    constexpr int kHours = 3'600'000;
    for (const std::int32_t partition : {0, 1}) {
        produce(partition, partition + 1, partition);
        produce(2 * kHours, 2 * kHours + 1, partition);
    }
    const KafkaSummary summary = run();
    EXPECT_EQ(summary.hours_completed, (std::map<std::string, std::uint64_t>{{kTopic, 1}}));
    EXPECT_TRUE(files_->exists("bronze/page_view_events/date=2025-03-05/hour=00/_SUCCESS").value());
    EXPECT_TRUE(run().hours_completed.empty());
    expect_lake(4);
}

TEST_F(KafkaIngestTest, new_chains_begin_where_they_are_told_to) {
    produce(0, 10);
    KafkaIngestOptions chosen = options();
    chosen.partitions = {{kTopic, 0}};
    chosen.start = KafkaStart{.from = KafkaStart::From::offsets, .offsets = {{{kTopic, 0}, 7}}};
    EXPECT_EQ(written(try_ingest(chosen).value()), 3u);
    chosen.start = KafkaStart{};  // the chain exists: no difference
    EXPECT_EQ(written(try_ingest(chosen).value()), 0u);
    chosen.partitions = {{kTopic, 1}};
    chosen.start = KafkaStart{.from = KafkaStart::From::offsets, .offsets = {{{kTopic, 1}, 7}}};
    const auto beyond = try_ingest(chosen);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().kind, ErrorKind::usage);
    EXPECT_THAT(beyond.error().message, HasSubstr("the partition has 0..0"));
    produce(0, 4, 1);
    chosen.start = KafkaStart{.from = KafkaStart::From::latest};
    EXPECT_EQ(written(try_ingest(chosen).value()), 0u);
    EXPECT_EQ(chain_end(1), 4u);
    expect_lake(3);
}

}  // namespace
}  // namespace bassline::ingest
