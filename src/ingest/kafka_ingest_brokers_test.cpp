// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/test_kafka_ingest.hpp"

// What an ingest does while brokers are away, or others.
namespace bassline::ingest {
namespace {

using testing::HasSubstr;

TEST_F(KafkaIngestTest, another_cluster_stops_the_run) {
    produce(0, 3);
    run();
    cluster_ = std::make_unique<kafka::MockCluster>();
    cluster_->create_topic(kTopic, 2);
    const auto stopped = try_ingest(options());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(stopped.error().message, HasSubstr("another cluster: page_view_events p="));
}

TEST_F(KafkaIngestTest, brokers_that_go_away_are_waited_for) {
    produce(0, 5);
    KafkaIngestOptions following = following_options();
    following.cluster.properties = {{"reconnect.backoff.max.ms", "200"}};
    std::stop_source stop;
    std::atomic<std::uint64_t> rows{0};
    following.on_commit = [&](const lake::Entry& entry) {
        rows += entry.counters.begin()->second.written;
    };
    std::jthread ingester([&] {
        const auto summary = try_ingest(following, stop.get_token());
        EXPECT_TRUE(summary) << summary.error().message;
    });
    while (rows < 5) std::this_thread::yield();
    cluster_->broker_down(1);
    cluster_->broker_up(1);
    produce(5, 9);
    while (rows < 9) std::this_thread::yield();
    stop.request_stop();
    ingester.join();
    expect_lake(9);
}

// Takes broker 2 away when the first chain is begun.
class UnluckyClock final : public Clock {
public:
    explicit UnluckyClock(kafka::MockCluster& cluster) : cluster_(cluster) {}
    Timestamp now() const override {
        if (!std::exchange(is_away_, true)) cluster_.broker_down(2);
        return NoonClock().now();
    }

private:
    kafka::MockCluster& cluster_;
    mutable bool is_away_ = false;
};

TEST_F(KafkaIngestTest, a_new_partition_whose_leader_is_away_holds_nobody_up_and_is_begun_later) {
    cluster_ = std::make_unique<kafka::MockCluster>(2);
    cluster_->create_topic(kTopic, 2);
    for (const std::int32_t partition : {0, 1})
        cluster_->set_leader(kTopic, partition, partition + 1);
    produce(0, 5, 0);
    produce(5, 9, 1);
    const UnluckyClock clock(*cluster_);
    KafkaIngestOptions following = following_options();
    following.partitions = {{kTopic, 0}, {kTopic, 1}};
    following.cluster.properties = {{"reconnect.backoff.max.ms", "200"}};
    std::stop_source stop;
    std::atomic<std::uint64_t> rows{0};
    following.on_commit = [&](const lake::Entry& entry) {
        rows += entry.counters.begin()->second.written;
        if (rows == 5) cluster_->broker_up(2);
        if (rows == 9) stop.request_stop();
    };
    const auto summary = ingest_kafka(*files_, following, clock, stop.get_token());
    ASSERT_TRUE(summary) << summary.error().message;
    expect_lake(9);
}

// What it would answer is for those who end there.
TEST_F(KafkaIngestTest, a_follower_starts_while_no_broker_tells_the_ends) {
    produce(0, 5);
    ASSERT_EQ(written(run()), 5u);
    produce(5, 9);
    cluster_->refuse_offsets(100'000);
    KafkaIngestOptions following = following_options();
    following.patience = std::chrono::milliseconds(500);
    std::stop_source stop;
    std::uint64_t rows = 0;
    following.on_commit = [&](const lake::Entry& entry) {
        rows += entry.counters.begin()->second.written;
        if (rows == 4) stop.request_stop();
    };
    const auto summary = try_ingest(following, stop.get_token());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(chain_end(), 9u);
    expect_lake(9);
}

TEST_F(KafkaIngestTest, no_broker_at_the_start_is_unavailable) {
    KafkaIngestOptions away = options();
    away.cluster.brokers = "127.0.0.1:1";
    away.patience = std::chrono::milliseconds(300);
    const auto stopped = try_ingest(away);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace bassline::ingest
