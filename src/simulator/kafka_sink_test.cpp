// SPDX-License-Identifier: Apache-2.0
#include "simulator/kafka_sink.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "event/sample_lines.hpp"
#include "kafka/consumer.hpp"
#include "kafka/framing.hpp"
#include "kafka/mock_cluster.hpp"
#include "kafka/test_registry.hpp"
#include "simulator/simulate.hpp"

namespace bassline::simulator {
namespace {

using event::Topic;
using testing::HasSubstr;

// All values of a topic with one partition.
class TopicReader : public kafka::AssignmentListener {
public:
    Result<std::vector<kafka::Position>> assigned(
        const std::vector<kafka::TopicPartition>& partitions) override {
        std::vector<kafka::Position> positions;
        for (const auto& partition : partitions) positions.push_back({partition, 0});
        return positions;
    }
    void revoked(const std::vector<kafka::TopicPartition>&, bool) override {}

    struct Read {
        std::string value;
        std::int64_t timestamp_ms;
    };
    std::vector<Read> read(const std::string& brokers, const std::string& topic) {
        auto consumer = kafka::Consumer::open({.brokers = brokers, .properties = {}}, {}, *this);
        EXPECT_TRUE(consumer);
        EXPECT_TRUE(consumer.value()->take({{topic, 0}}));
        std::vector<Read> all;
        while (true) {
            const auto event = consumer.value()->poll(std::chrono::seconds(10));
            if (!event || !event.value() || event.value()->kind != kafka::EventKind::record) break;
            all.push_back(
                {std::string(event.value()->value.value_or("")), event.value()->timestamp_ms});
        }
        consumer.value()->close();
        return all;
    }
};

class KafkaSinkTest : public testing::Test {
protected:
    KafkaSinkTest() {
        for (const Topic topic : event::kTopics) {
            cluster_.create_topic("x_" + std::string(to_string(topic)), 1);
        }
    }
    ~KafkaSinkTest() override { std::filesystem::remove_all(folder_); }

    KafkaOutput output() const {
        return {.cluster = {.brokers = cluster_.brokers(), .properties = {{"linger.ms", "1"}}},
                .topic_prefix = "x_",
                .ledger = folder_ + "/ledger.json"};
    }
    KafkaOutput registered(RecordEncoding encoding) {
        for (std::size_t i = 0; i < event::kTopicCount; ++i) {
            registry_.reply(
                "/subjects/x_" + std::string(to_string(event::kTopics[i])) + "-value/versions",
                {.body = "{\"id\":" + std::to_string(40 + i) + "}"});
        }
        KafkaOutput with = output();
        with.registry = kafka::RegistryOptions{.urls = {registry_.url()}};
        with.encoding = encoding;
        return with;
    }
    static void write(KafkaSink& sink, std::string_view line, Topic topic) {
        const std::string text = std::string(line) + "\n";
        const RecordMark mark{text.size(), 1'741'996'230'000, 6, topic};
        ASSERT_TRUE(sink.write(0, {text, {&mark, 1}}));
    }
    std::vector<TopicReader::Read> read(const std::string& topic) {
        return TopicReader().read(cluster_.brokers(), topic);
    }

    kafka::MockCluster cluster_;
    kafka::TestRegistry registry_;
    std::string folder_ = make_test_folder("kafka-sink");
};

TEST_F(KafkaSinkTest, a_line_is_a_value_with_the_time_of_its_event_and_the_ledger_says_so) {
    auto sink = KafkaSink::open(output(), {}).value();
    write(*sink, event::kListen, Topic::listen_events);
    write(*sink, "{\"cut", Topic::listen_events);  // damaged, and still of its topic
    ASSERT_TRUE(sink->finish());
    ASSERT_TRUE(sink->close());
    const auto values = read("x_listen_events");
    ASSERT_EQ(values.size(), 2u);
    EXPECT_EQ(values[0].value, event::kListen);
    EXPECT_EQ(values[0].timestamp_ms, 1'741'996'230'000);
    EXPECT_EQ(values[1].value, "{\"cut");
    const auto ledger = nlohmann::json::parse(std::ifstream(folder_ + "/ledger.json"));
    EXPECT_EQ(ledger["topics"]["x_listen_events"]["partitions"]["0"]["ranges"].dump(), "[[0,2]]");
}

TEST_F(KafkaSinkTest, framed_json_is_the_line_behind_the_schemas_id) {
    auto sink = KafkaSink::open(registered(RecordEncoding::json), {}).value();
    write(*sink, event::kAuth, Topic::auth_events);
    ASSERT_TRUE(sink->finish());
    const auto values = read("x_auth_events");
    ASSERT_EQ(values.size(), 1u);
    const auto framing = kafka::read_framing(values[0].value);
    EXPECT_EQ(framing.schema_id, 42);
    EXPECT_EQ(framing.payload, event::kAuth);
}

TEST_F(KafkaSinkTest, what_is_no_record_has_no_avro_and_goes_bare) {
    auto sink = KafkaSink::open(registered(RecordEncoding::avro), {}).value();
    write(*sink, event::kListen, Topic::listen_events);
    write(*sink, "{\"cut", Topic::listen_events);
    ASSERT_TRUE(sink->finish());
    const auto values = read("x_listen_events");
    ASSERT_EQ(values.size(), 2u);
    EXPECT_EQ(kafka::read_framing(values[0].value).schema_id, 40);
    EXPECT_LT(values[0].value.size(), event::kListen.size() / 2);
    EXPECT_EQ(values[1].value, "{\"cut");
}

TEST_F(KafkaSinkTest, an_incompatible_schema_stops_before_anything_is_written) {
    auto with = registered(RecordEncoding::avro);
    registry_.reply("/compatibility/subjects/x_auth_events-value/versions/latest",
                    {.body = R"({"is_compatible":false,"messages":["no"]})"});
    const auto sink = KafkaSink::open(with, {});
    ASSERT_FALSE(sink);
    EXPECT_EQ(sink.error().kind, ErrorKind::conflict);
    EXPECT_THAT(registry_.requests(), Not(testing::Contains(HasSubstr("/versions POST"))));
    for (const std::string& request : registry_.requests()) {
        EXPECT_THAT(request, HasSubstr("/compatibility/"));
    }
}

TEST_F(KafkaSinkTest, a_run_ends_with_every_record_acked_or_with_its_failure) {
    SimulateOptions options{
        .kafka = output(), .users = 20, .from_ms = 1'756'684'800'000, .to_ms = 1'756'771'200'000};
    SimulateProgress progress;
    const auto ignore = [](const std::string&) {};
    const auto done = simulate(options, SystemClock(), {}, progress, ignore);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(done.value().deliveries);
    std::uint64_t records = 0;
    for (const auto count : done.value().counts.records) records += count;
    EXPECT_EQ(kafka::totals_of(*done.value().deliveries).acked, records);
    EXPECT_GT(records, 0u);
    EXPECT_FALSE(done.value().failure);

    options.kafka->cluster.properties["delivery.timeout.ms"] = "500";
    options.kafka->cluster.properties["message.max.bytes"] = "1000";
    options.kafka->cluster.properties["log_level"] = "0";
    options.faults.malformed = 0.5;  // deep nesting is longer
    options.users = 200;
    const auto failed = simulate(options, SystemClock(), {}, progress, ignore);
    ASSERT_TRUE(failed) << failed.error().message;
    ASSERT_TRUE(failed.value().failure);
    EXPECT_GT(kafka::totals_of(*failed.value().deliveries).failed, 0u);
}

}  // namespace
}  // namespace bassline::simulator
