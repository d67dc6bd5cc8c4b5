// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_routes.hpp"

#include <filesystem>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "ingest/test_fake_consumer.hpp"
#include "ingest/verify.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/lake.hpp"

// The poll thread's bookkeeping and the workers behind it, without a broker.
namespace bassline::ingest {
namespace {

using kafka::Event;
using kafka::EventKind;
using kafka::TopicPartition;

constexpr const char* kAuthTopic = "auth_events";

class KafkaRoutesTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-routes");
        files_ = lake::open_lake(root_ + "/lake").value();
        limits_.memory_bytes = 16u << 20;
        limits_.commit_interval = std::chrono::hours(1);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void add_route(KafkaRoutes& routes, const TopicPartition& partition,
                   std::optional<std::uint64_t> target = std::nullopt) {
        KafkaCommitter committer(*files_, clock_,
                                 {"cluster", partition.topic, "", partition.partition});
        if (!committer.load().value()) {
            ASSERT_TRUE(committer.begin_chain(0));
        }
        routes.add_route(partition,
                         std::make_unique<KafkaPartition>(*files_, std::move(committer), limits_),
                         target);
    }
    // Hands `count` records over; false among the answers if one was delivered before.
    static bool deliver(KafkaRoutes& routes, const TopicPartition& partition, std::int64_t first,
                        int count) {
        bool fresh = true;
        for (std::int64_t offset = first; offset < first + count; ++offset) {
            const std::string value = fmt::format(
                R"({{"ts":{},"sessionId":{},"itemInSession":1,"success":true,"userAgent":"{}"}})",
                1'741'132'800'000 + offset, offset, std::string(200, 'u'));
            fresh &= routes.add(Event{.partition = &partition, .offset = offset, .value = value});
        }
        routes.flush();
        return fresh;
    }
    // Waits for so many commits and tells why they were.
    static std::map<std::string, int> commits(KafkaRoutes& routes, int wanted) {
        std::map<std::string, int> reasons;
        for (int seen = 0; seen < wanted; std::this_thread::yield()) {
            for (Report& report : routes.reports().take()) {
                const auto* const committed = std::get_if<Committed>(&report);
                if (committed == nullptr) continue;
                ++reasons[std::string(to_string(committed->rotation))];
                ++seen;
            }
        }
        return reasons;
    }
    void expect_rows(std::uint64_t rows) const {
        const auto report = verify(*files_, {.full = true, .scratch = root_}).value();
        EXPECT_THAT(report.findings, testing::IsEmpty());
        EXPECT_EQ(report.rows, rows);
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    SystemClock clock_;
    PartitionLimits limits_;
    FakeConsumer consumer_;
    const TopicPartition zero_{kAuthTopic, 0};
    const TopicPartition one_{kAuthTopic, 1};
};

TEST_F(KafkaRoutesTest, a_worker_that_holds_too_much_pauses_its_partitions_and_no_others) {
    KafkaRoutes routes({.workers = 2, .queue_bytes = 64 << 10}, consumer_);
    add_route(routes, zero_);
    add_route(routes, one_);
    std::int64_t offset = 0;
    while (consumer_.paused.empty()) {
        deliver(routes, zero_, offset, 2000);
        offset += 2000;
        routes.balance();
    }
    EXPECT_EQ(consumer_.paused, std::set<TopicPartition>{zero_});
    while (!consumer_.paused.empty()) routes.balance();
    routes.release_all(Rotation::shutdown);
    expect_rows(static_cast<std::uint64_t>(offset));
}

TEST_F(KafkaRoutesTest, what_comes_again_is_told_and_what_has_no_route_is_ignored) {
    KafkaRoutes routes({}, consumer_);
    add_route(routes, zero_);
    EXPECT_TRUE(deliver(routes, zero_, 0, 5));
    EXPECT_FALSE(deliver(routes, zero_, 4, 1));
    EXPECT_TRUE(deliver(routes, one_, 0, 5));
    routes.release_all(Rotation::shutdown);
    EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"shutdown", 1}}));
    expect_rows(5);
}

TEST_F(KafkaRoutesTest, of_several_open_batches_memory_closes_the_largest) {
    KafkaRoutes routes({.workers = 1, .memory_bytes = 4u << 20}, consumer_);
    add_route(routes, zero_);
    add_route(routes, one_);
    deliver(routes, one_, 0, 1);
    std::int64_t offset = 0;
    std::map<std::string, int> reasons;
    while (reasons.empty()) {
        deliver(routes, zero_, offset, 1000);
        offset += 1000;
        for (Report& report : routes.reports().take()) {
            const auto* const committed = std::get_if<Committed>(&report);
            if (committed == nullptr) continue;
            ++reasons[std::string(to_string(committed->rotation))];
            EXPECT_EQ(routes.partition_of(committed->route), zero_);
        }
    }
    EXPECT_EQ(reasons.count("memory"), 1u);
    routes.release_all(Rotation::shutdown);
    expect_rows(static_cast<std::uint64_t>(offset) + 1);
}

TEST_F(KafkaRoutesTest, a_route_with_a_target_ends_there) {
    KafkaRoutes routes({}, consumer_);
    add_route(routes, zero_, 10);
    EXPECT_FALSE(routes.all_finishing());
    deliver(routes, zero_, 0, 12);
    EXPECT_TRUE(routes.all_finishing());
    EXPECT_EQ(consumer_.paused, std::set<TopicPartition>{zero_});
    EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"end", 1}}));
    add_route(routes, one_, 10);
    deliver(routes, one_, 0, 5);
    routes.reached(Event{.kind = EventKind::end_of_partition, .partition = &one_, .offset = 10});
    EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"end", 1}}));
    expect_rows(15);
}

// As the markers of transactions do, and aborted records.
TEST_F(KafkaRoutesTest, offsets_without_a_record_at_the_end_are_read_and_committed) {
    const auto end_at = [](const TopicPartition& partition, std::int64_t offset) {
        return Event{
            .kind = EventKind::end_of_partition, .partition = &partition, .offset = offset};
    };
    const auto end_of = [this](const TopicPartition& partition) {
        return lake::load_kafka_tail(*files_, partition.topic, partition.partition).value()->end;
    };
    {
        KafkaRoutes routes({}, consumer_);
        add_route(routes, zero_);
        deliver(routes, zero_, 0, 5);
        routes.reached(end_at(zero_, 7));
        routes.reached(end_at(zero_, 9));
        EXPECT_EQ(routes.progress().front().next, 9u);
        routes.release_all(Rotation::shutdown);
        EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"shutdown", 1}}));
        EXPECT_EQ(end_of(zero_), 9u);
    }
    limits_.commit_interval = std::chrono::milliseconds(20);
    KafkaRoutes routes({}, consumer_);
    add_route(routes, one_);
    routes.reached(end_at(one_, 3));
    EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"time", 1}}));
    EXPECT_EQ(end_of(one_), 3u);
    EXPECT_FALSE(deliver(routes, one_, 2, 1));
    EXPECT_TRUE(deliver(routes, one_, 3, 2));
    EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"time", 1}}));
    expect_rows(7);
}

TEST_F(KafkaRoutesTest, lost_partitions_drop_what_is_open_and_revoked_ones_commit_it) {
    KafkaRoutes routes({}, consumer_);
    add_route(routes, zero_);
    add_route(routes, one_);
    deliver(routes, zero_, 0, 5);
    deliver(routes, one_, 0, 7);
    routes.release({zero_}, std::nullopt, std::chrono::seconds(10));
    routes.release({one_}, Rotation::revoke, std::chrono::minutes(10));
    EXPECT_EQ(commits(routes, 1), (std::map<std::string, int>{{"revoke", 1}}));
    expect_rows(7);
}

}  // namespace
}  // namespace bassline::ingest
