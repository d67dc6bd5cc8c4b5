// SPDX-License-Identifier: Apache-2.0
#include "kafka/consumer.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/mock_cluster.hpp"

namespace bassline::kafka {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr milliseconds kPatience{20'000};
constexpr const char* kTopic = "listen_events";

// Begins every partition at one offset and notes what it is told.
class Listener final : public AssignmentListener {
public:
    Result<std::vector<Position>> assigned(const std::vector<TopicPartition>& partitions) override {
        std::vector<Position> positions;
        for (const auto& partition : partitions) {
            positions.push_back({partition, begin});
            held.push_back(partition);
        }
        if (refusal) return *refusal;
        return positions;
    }
    void revoked(const std::vector<TopicPartition>& partitions, bool /*lost*/) override {
        for (const auto& partition : partitions) std::erase(held, partition);
    }

    std::int64_t begin = 0;
    std::optional<Error> refusal;
    std::vector<TopicPartition> held;
};

class ConsumerTest : public testing::Test {
protected:
    void SetUp() override { cluster_.create_topic(kTopic, 2); }

    std::unique_ptr<Consumer> consumer() {
        auto opened = Consumer::open({.brokers = cluster_.brokers()}, {}, listener_);
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(opened).value();
    }
    // Polls until so many events of the kind came.
    static std::vector<std::string> take(Consumer& consumer, EventKind kind, std::size_t count) {
        std::vector<std::string> taken;
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (taken.size() < count && std::chrono::steady_clock::now() < until) {
            auto event = consumer.poll(milliseconds(100));
            EXPECT_TRUE(event) << event.error().message;
            if (!event || !event.value() || event.value()->kind != kind) continue;
            taken.push_back(fmt::format("{}@{}:{}", event.value()->partition->partition,
                                        event.value()->offset,
                                        event.value()->value.value_or("null")));
        }
        return taken;
    }

    MockCluster cluster_;
    Listener listener_;
};

TEST_F(ConsumerTest, describes_topics_and_their_ends) {
    cluster_.produce(kTopic, 1, "a");
    const auto one = consumer();
    const auto topics = one->describe({kTopic}, kPatience);
    ASSERT_TRUE(topics) << topics.error().message;
    ASSERT_EQ(topics.value().size(), 1u);
    EXPECT_EQ(topics.value()[0].partitions, 2);
    EXPECT_NE(one->cluster_id(kPatience).value(), "");
    const auto ends = one->watermarks({kTopic, 1}, kPatience);
    ASSERT_TRUE(ends) << ends.error().message;
    EXPECT_EQ(ends.value().low, 0);
    EXPECT_EQ(ends.value().high, 1);
    RecordProperty("topic_id", topics.value()[0].id);
    RecordProperty("cluster_id", one->cluster_id(kPatience).value());
}

TEST_F(ConsumerTest, the_group_says_who_and_the_listener_where) {
    for (const char* value : {"a", "b", "c"}) cluster_.produce(kTopic, 0, value, 1'700'000'000'000);
    listener_.begin = 1;
    const auto one = consumer();
    ASSERT_TRUE(one->subscribe({kTopic}));
    EXPECT_THAT(take(*one, EventKind::record, 2), ElementsAre("0@1:b", "0@2:c"));
    EXPECT_EQ(listener_.held.size(), 2u);
    one->close();
    EXPECT_THAT(listener_.held, IsEmpty());
}

TEST_F(ConsumerTest, a_refusal_of_the_listener_ends_the_poll) {
    listener_.refusal = error(ErrorKind::bad_data, "gap");
    const auto one = consumer();
    ASSERT_TRUE(one->subscribe({kTopic}));
    Result<std::optional<Event>> polled = std::optional<Event>();
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (polled && std::chrono::steady_clock::now() < until)
        polled = one->poll(milliseconds(100));
    ASSERT_FALSE(polled);
    EXPECT_EQ(polled.error().message, "gap");
    one->close();
}

TEST_F(ConsumerTest, a_tombstone_is_a_record_and_the_end_is_told) {
    cluster_.produce(kTopic, 0, std::nullopt);
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    EXPECT_THAT(take(*one, EventKind::record, 1), ElementsAre("0@0:null"));
    EXPECT_THAT(take(*one, EventKind::end_of_partition, 1), ElementsAre("0@1:null"));
    one->close();
}

TEST_F(ConsumerTest, a_seek_goes_back) {
    for (const char* value : {"a", "b", "c"}) cluster_.produce(kTopic, 0, value);
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    EXPECT_EQ(take(*one, EventKind::record, 3).size(), 3u);
    const auto sought = one->seek({{kTopic, 0}, 1}, kPatience);
    ASSERT_TRUE(sought) << sought.error().message;
    EXPECT_THAT(take(*one, EventKind::record, 2), ElementsAre("0@1:b", "0@2:c"));
    one->close();
}

TEST_F(ConsumerTest, an_offset_that_the_broker_lacks_is_told) {
    listener_.begin = 7;
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    EXPECT_EQ(take(*one, EventKind::out_of_range, 1).size(), 1u);
    one->close();
}

TEST_F(ConsumerTest, an_unknown_topic_is_named) {
    const auto one = consumer();
    ASSERT_TRUE(one->cluster_id(kPatience));
    const auto found = one->watermarks({"nowhere", 0}, milliseconds(1000));
    EXPECT_FALSE(found);
}

}  // namespace
}  // namespace bassline::kafka
