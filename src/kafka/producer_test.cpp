// SPDX-License-Identifier: Apache-2.0
#include "kafka/producer.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/test_brokers.hpp"

namespace bassline::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kPartitions = 4;
constexpr int kRecords = 5'000;
constexpr std::int16_t kProduceRequest = 0;

// The error's message, or "".
template <class T>
std::string message_of(const Result<T>& result) {
    return result ? "" : result.error().message;
}

class ProducerTest : public testing::Test {
protected:
    ProducerTest() { brokers_.create("t", kPartitions); }

    Result<std::unique_ptr<Producer>> open(std::map<std::string, std::string> properties = {},
                                           std::optional<int> partitions = {}) {
        Cluster cluster = brokers_.cluster();
        cluster.properties = std::move(properties);
        return Producer::open(cluster,
                              {.topics = {"t"},
                               .partitions = partitions,
                               .start_timeout = std::chrono::seconds(10),
                               .drain_timeout = std::chrono::milliseconds(200)},
                              stop_.get_token());
    }

    // Keys 0 to 9 in turn, values counting up.
    static Result<void> send_all(Producer& producer, int count = kRecords) {
        for (int i = 0; i < count; ++i) {
            TRY(producer.send({.topic = 0,
                               .key = std::to_string(i % 10),
                               .value = fmt::format("{:06}", i),
                               .timestamp_ms = 1'700'000'000'000 + i}));
        }
        return {};
    }

    // Every record once, in order for each key, with its time.
    void expect_all_stored(int count = kRecords) const {
        const auto stored = brokers_.read("t", kPartitions);
        EXPECT_EQ(stored.size(), static_cast<std::size_t>(count));
        std::map<std::string, std::string> last;
        std::set<std::string> values;
        for (const auto& record : stored) {
            EXPECT_LT(last[record.key], record.value);
            last[record.key] = record.value;
            EXPECT_EQ(record.timestamp_ms, 1'700'000'000'000 + std::stoi(record.value));
            EXPECT_TRUE(values.insert(record.value).second) << "twice: " << record.value;
        }
    }

    TestBrokers brokers_;
    std::stop_source stop_;
};

TEST_F(ProducerTest, all_is_acked_once_and_in_order_for_each_key) {
    auto opened = open();
    ASSERT_EQ(message_of(opened), "");
    auto& producer = opened.value();
    ASSERT_EQ(message_of(send_all(*producer)), "");
    ASSERT_EQ(message_of(producer->close()), "");
    expect_all_stored();
    const TopicDeliveries& topic = producer->ledger().front();
    EXPECT_EQ(topic.acked, static_cast<std::uint64_t>(kRecords));
    EXPECT_EQ(topic.failed + topic.unknown, 0u);
    for (const auto& [number, partition] : topic.partitions) {
        EXPECT_THAT(partition.ranges,
                    ElementsAre(OffsetRange{0, static_cast<std::int64_t>(partition.acked)}))
            << "partition " << number;
    }
}

TEST_F(ProducerTest, a_full_queue_makes_the_sender_wait_and_drops_nothing) {
    auto producer = open({{"queue.buffering.max.messages", "10"}}).value();
    ASSERT_TRUE(send_all(*producer, 1'000));
    ASSERT_TRUE(producer->close());
    expect_all_stored(1'000);
}

TEST_F(ProducerTest, errors_of_brokers_are_retried_without_loss_or_doubles) {
    rd_kafka_mock_push_request_errors(
        brokers_.get(), kProduceRequest, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    auto producer = open({{"linger.ms", "1"}, {"retry.backoff.ms", "10"}}).value();
    ASSERT_TRUE(send_all(*producer));
    ASSERT_TRUE(producer->close());
    expect_all_stored();
    EXPECT_EQ(producer->ledger().front().acked, static_cast<std::uint64_t>(kRecords));
}

TEST_F(ProducerTest, what_no_broker_takes_in_time_is_counted_and_an_error) {
    auto producer = open({{"delivery.timeout.ms", "1000"}, {"linger.ms", "1"}}).value();
    for (int broker = 1; broker <= 3; ++broker) {
        rd_kafka_mock_broker_set_down(brokers_.get(), broker);
    }
    ASSERT_TRUE(send_all(*producer, 100));
    const auto closed = producer->close();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(closed.error().message, HasSubstr("topic t"));
    const auto totals = totals_of(producer->ledger());
    EXPECT_EQ(totals.failed + totals.unknown, 100u);
    EXPECT_EQ(totals.acked, 0u);
}

TEST_F(ProducerTest, a_stop_drains_for_a_bounded_time_and_what_was_sent_is_unknown) {
    auto producer = open({{"linger.ms", "1"}, {"retry.backoff.ms", "10"}}).value();
    rd_kafka_mock_start_request_tracking(brokers_.get());
    for (int broker = 1; broker <= 3; ++broker) {
        rd_kafka_mock_broker_push_request_error_rtts(brokers_.get(), broker, kProduceRequest, 1,
                                                     RD_KAFKA_RESP_ERR_NO_ERROR, 60'000);
    }
    ASSERT_TRUE(send_all(*producer, 100));
    auto is_sent = [&] {
        std::size_t count = 0;
        auto** const requests = rd_kafka_mock_get_requests(brokers_.get(), &count);
        bool found = false;
        for (std::size_t i = 0; i < count; ++i) {
            found |= rd_kafka_mock_request_api_key(requests[i]) == kProduceRequest;
        }
        rd_kafka_mock_request_destroy_array(requests, count);
        return found;
    };
    while (!is_sent()) ASSERT_TRUE(producer->check());
    stop_.request_stop();
    ASSERT_FALSE(producer->close());
    const auto totals = totals_of(producer->ledger());
    EXPECT_GT(totals.unknown, 0u);
    EXPECT_EQ(totals.acked + totals.failed + totals.unknown, 100u);
}

TEST_F(ProducerTest, a_topic_with_another_number_of_partitions_is_refused_with_the_fix) {
    const auto producer = open({}, 6);
    ASSERT_FALSE(producer);
    EXPECT_EQ(producer.error().kind, ErrorKind::conflict);
    EXPECT_THAT(producer.error().message,
                HasSubstr("topic t has 4 partitions, not 6: leave --partitions out"));
    EXPECT_TRUE(open({}, 4));
}

TEST_F(ProducerTest, brokers_that_are_not_there_are_unavailable) {
    const auto producer =
        Producer::open({.brokers = "127.0.0.1:1", .properties = {{"log_level", "0"}}},
                       {.topics = {"t"}, .start_timeout = std::chrono::milliseconds(300)}, {});
    ASSERT_FALSE(producer);
    EXPECT_EQ(producer.error().kind, ErrorKind::unavailable);
}

TEST_F(ProducerTest, a_record_over_the_limit_is_counted_as_not_written) {
    auto producer = open().value();
    const std::string large(3 << 20, 'x');
    EXPECT_FALSE(producer->send({.topic = 0, .key = "k", .value = large, .timestamp_ms = 0}));
    EXPECT_FALSE(producer->close());
    EXPECT_EQ(totals_of(producer->ledger()).failed, 1u);
}

TEST(DeliveryLedgerTest, ranges_join_and_holes_show) {
    TopicDeliveries topic{.topic = "t", .acked = 4};
    for (const int offset : {5, 6, 9, -1}) topic.partitions[2].add(offset);
    EXPECT_EQ(ledger_json({topic}).dump(),
              R"({"topics":{"t":{"acked":4,"error":"","failed":0,"partitions":{"2":{"acked":4,)"
              R"("ranges":[[5,7],[9,10]],"without_offset":1}},"unknown":0}}})");
}

}  // namespace
}  // namespace bassline::kafka
