// SPDX-License-Identifier: Apache-2.0
#include "kafka/consumer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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
    // Polls until so many events of the kind came; as ingest does, waiting for the first only.
    static std::vector<std::string> take(Consumer& consumer, EventKind kind, std::size_t count) {
        std::vector<std::string> taken;
        const auto until = std::chrono::steady_clock::now() + kPatience;
        milliseconds wait(100);
        while (taken.size() < count && std::chrono::steady_clock::now() < until) {
            auto event = consumer.poll(wait);
            EXPECT_TRUE(event) << event.error().message;
            wait = milliseconds(event && event.value() ? 0 : 100);
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

TEST_F(ConsumerTest, a_partition_whose_leader_has_just_started_is_waited_for) {
    cluster_.produce(kTopic, 0, "a");
    const auto one = consumer();
    ASSERT_TRUE(one->cluster_id(kPatience));
    cluster_.refuse_offsets(12);
    const auto ends = one->watermarks({kTopic, 0}, kPatience);
    ASSERT_TRUE(ends) << ends.error().message;
    EXPECT_EQ(ends.value().high, 1);
}

TEST_F(ConsumerTest, a_partition_that_no_broker_knows_yet_is_waited_for) {
    cluster_.produce(kTopic, 0, "a");
    const auto one = consumer();
    ASSERT_TRUE(one->cluster_id(kPatience));
    cluster_.forget_partitions(8);
    const auto ends = one->watermarks({kTopic, 0}, kPatience);
    ASSERT_TRUE(ends) << ends.error().message;
    EXPECT_EQ(ends.value().high, 1);
    cluster_.refuse_offsets(8);
    const auto offset = one->offset_at({kTopic, 0}, 0, kPatience);
    EXPECT_TRUE(offset) << offset.error().message;
}

TEST_F(ConsumerTest, a_stop_ends_a_question_that_is_asked_again) {
    std::stop_source stop;
    ConsumerOptions options;
    options.stop = stop.get_token();
    const auto one = Consumer::open({.brokers = cluster_.brokers()}, options, listener_).value();
    ASSERT_TRUE(one->cluster_id(kPatience));
    cluster_.refuse_offsets(1'000'000);
    const std::jthread later([&stop] {
        std::this_thread::sleep_for(milliseconds(300));
        stop.request_stop();
    });
    const auto ends = one->watermarks({kTopic, 0}, std::chrono::hours(1));
    ASSERT_FALSE(ends);
    EXPECT_EQ(ends.error().kind, ErrorKind::cancelled);
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

TEST_F(ConsumerTest, a_seek_within_a_batch_goes_back) {
    std::vector<std::string> expected;
    for (int offset = 2; offset < 150; ++offset) expected.push_back(fmt::format("0@{}:a", offset));
    cluster_.produce_batch(kTopic, 0, 150, "a");
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    EXPECT_EQ(take(*one, EventKind::record, 5).size(), 5u);
    const auto sought = one->seek({{kTopic, 0}, 2}, kPatience);
    ASSERT_TRUE(sought) << sought.error().message;
    EXPECT_EQ(take(*one, EventKind::record, 148), expected);
    one->close();
}

TEST_F(ConsumerTest, a_pause_loses_and_doubles_nothing) {
    std::vector<std::string> expected;
    for (int offset = 0; offset < 150; ++offset) expected.push_back(fmt::format("0@{}:a", offset));
    cluster_.produce_batch(kTopic, 0, 150, "a");
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    std::vector<std::string> taken;
    while (taken.size() < expected.size()) {
        const auto some =
            take(*one, EventKind::record, std::min<std::size_t>(40, 150 - taken.size()));
        ASSERT_FALSE(some.empty());
        taken.insert(taken.end(), some.begin(), some.end());
        one->pause({kTopic, 0});
        one->resume({kTopic, 0});
    }
    EXPECT_EQ(taken, expected);
    EXPECT_THAT(take(*one, EventKind::end_of_partition, 1), ElementsAre("0@150:null"));
    one->close();
}

// librdkafka goes on from the position of what it gave last, and the end is no record.
TEST_F(ConsumerTest, what_comes_after_the_end_and_a_pause_is_not_passed_over) {
    cluster_.produce_batch(kTopic, 0, 3, "a");
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (bool at_end = false; !at_end && std::chrono::steady_clock::now() < until;) {
        const auto event = one->poll(milliseconds(0));  // never waits, so that all comes at once
        ASSERT_TRUE(event) << event.error().message;
        at_end = event.value() && event.value()->kind == EventKind::end_of_partition;
        if (!event.value()) std::this_thread::sleep_for(milliseconds(10));
    }
    one->pause({kTopic, 0});
    cluster_.produce_batch(kTopic, 0, 2, "b");
    one->resume({kTopic, 0});
    EXPECT_THAT(take(*one, EventKind::record, 2), ElementsAre("0@3:b", "0@4:b"));
    one->close();
}

TEST_F(ConsumerTest, an_offset_that_the_broker_lacks_is_told) {
    listener_.begin = 7;
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    EXPECT_EQ(take(*one, EventKind::out_of_range, 1).size(), 1u);
    one->close();
}

// Answers whoever connects with what is no TLS.
class NoTlsServer {
public:
    NoTlsServer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { answer(); });
    }
    ~NoTlsServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    std::unique_ptr<Consumer> consumer(Listener& listener) const {
        const Cluster cluster{
            .brokers = fmt::format("127.0.0.1:{}", port_),
            .properties = {{"security.protocol", "ssl"}, {"reconnect.backoff.max.ms", "200"}}};
        auto opened = Consumer::open(cluster, {.refusal_time = milliseconds(500)}, listener);
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(opened).value();
    }

    int refused() const { return refused_; }

private:
    void answer() {
        for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
            std::array<char, 1024> hello{};
            const auto read = ::recv(client, hello.data(), hello.size(), 0);
            constexpr std::string_view kNoTls = "HTTP/1.1 400 Bad Request\r\n\r\n";
            if (read > 0) (void)::send(client, kNoTls.data(), kNoTls.size(), MSG_NOSIGNAL);
            ++refused_;
            while (::recv(client, hello.data(), hello.size(), 0) > 0) {
            }
            ::close(client);
        }
    }

    int listener_;
    int port_ = 0;
    std::atomic<int> refused_ = 0;
    std::thread thread_;
};

TEST_F(ConsumerTest, brokers_that_refuse_us_at_the_start_are_a_matter_of_configuration) {
    const NoTlsServer server;
    const auto one = server.consumer(listener_);
    const auto id = one->cluster_id(kPatience);
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().kind, ErrorKind::config) << id.error().message;
    EXPECT_THAT(id.error().message, testing::HasSubstr("do not let us in"));
    EXPECT_THAT(id.error().message, testing::HasSubstr("ssl.ca.location"));
}

TEST_F(ConsumerTest, brokers_that_refuse_us_later_end_the_poll_after_a_while) {
    const NoTlsServer server;
    const auto one = server.consumer(listener_);
    ASSERT_TRUE(one->subscribe({kTopic}));
    Result<std::optional<Event>> polled = std::optional<Event>();
    const auto began = std::chrono::steady_clock::now();
    while (polled && std::chrono::steady_clock::now() < began + kPatience)
        polled = one->poll(milliseconds(50));
    ASSERT_FALSE(polled);
    EXPECT_EQ(polled.error().kind, ErrorKind::config);
    EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(500));
}

TEST_F(ConsumerTest, brokers_that_go_away_after_a_refusal_are_waited_for) {
    auto server = std::make_unique<NoTlsServer>();
    const auto one = server->consumer(listener_);
    ASSERT_TRUE(one->subscribe({kTopic}));
    const auto poll_for = [&](milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end) {
            const auto polled = one->poll(milliseconds(50));
            ASSERT_TRUE(polled) << polled.error().message;
        }
    };
    while (server->refused() == 0) poll_for(milliseconds(10));
    poll_for(milliseconds(100));
    server.reset();
    poll_for(milliseconds(4500));  // the time for refusals, and that of a last question
}

TEST_F(ConsumerTest, brokers_that_are_away_are_told_of_and_waited_for) {
    const auto one = consumer();
    ASSERT_TRUE(one->take({{kTopic, 0}}));
    EXPECT_THAT(take(*one, EventKind::end_of_partition, 1), ElementsAre("0@0:null"));
    cluster_.broker_down(1);
    bool was_told = false;
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!was_told && std::chrono::steady_clock::now() < until) {
        const auto event = one->poll(milliseconds(100));
        ASSERT_TRUE(event) << event.error().message;
        was_told = event.value() && event.value()->kind == EventKind::unavailable;
    }
    EXPECT_TRUE(was_told);
    cluster_.broker_up(1);
    cluster_.produce(kTopic, 0, "a");
    EXPECT_THAT(take(*one, EventKind::record, 1), ElementsAre("0@0:a"));
    one->close();
}

TEST(PrefetchSettings, stay_within_their_share) {
    const auto number = [](std::uint64_t bytes, const char* name) {
        return std::stoull(prefetch_settings(bytes).at(name));
    };
    for (const std::uint64_t share : {4ull << 20, 16ull << 20, 64ull << 20, 1ull << 30}) {
        const std::uint64_t queued = number(share, "queued.max.messages.kbytes") << 10;
        EXPECT_LE(queued + 2 * number(share, "fetch.max.bytes"), share) << "of two brokers";
    }
    EXPECT_EQ(number(0, "fetch.max.bytes"), 1u << 20) << "a fetch holds a record at least";
    EXPECT_EQ(number(1ull << 40, "fetch.max.bytes"), 50u << 20);
}

TEST_F(ConsumerTest, an_unknown_topic_is_named) {
    const auto one = consumer();
    ASSERT_TRUE(one->cluster_id(kPatience));
    const auto found = one->watermarks({"nowhere", 0}, milliseconds(1000));
    EXPECT_FALSE(found);
}

}  // namespace
}  // namespace bassline::kafka
