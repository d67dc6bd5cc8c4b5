// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "duck/database.hpp"
#include "event/avro_encoder.hpp"
#include "event/published_schema.hpp"
#include "event/sample_lines.hpp"
#include "ingest/kafka_ingest.hpp"
#include "ingest/metrics.hpp"
#include "ingest/verify.hpp"
#include "kafka/framing.hpp"
#include "kafka/mock_cluster.hpp"
#include "kafka/test_registry.hpp"
#include "lake/lake.hpp"

// Framed records, from a broker and a schema registry inside the process to a lake.
namespace bassline::ingest {
namespace {

using event::Topic;
using testing::HasSubstr;

constexpr const char* kListens = "listen_events";
constexpr int kJsonId = 11;
constexpr int kAvroId = 12;

class MarchClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'742'000'000)); }
};

class KafkaSchemaTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-schema");
        files_ = lake::open_lake(root_ + "/lake").value();
        cluster_.create_topic(kListens, 1);
        registry_.put(kJsonId, event::json_schema_of(Topic::listen_events), "JSON");
        registry_.put(kAvroId, event::avro_schema_of(Topic::listen_events));
        event::Lines lines;
        event::append_avro(avro_, lines.decode(event::kListen).fields, Topic::listen_events);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void produce(std::string_view value) {
        cluster_.produce(kListens, 0, value, 1'742'000'000'000);
    }
    void produce_framed(int id, std::string_view payload) {
        std::string value;
        kafka::put_frame(value, id);
        produce(value += payload);
    }
    Result<KafkaSummary> ingest(const std::string& url) {
        KafkaIngestOptions options{.cluster = {.brokers = cluster_.brokers()},
                                   .topics = {kListens},
                                   .patience = std::chrono::seconds(30)};
        // The brokers of the process wait for a session's timeout when a group is joined again.
        options.consumer.group = fmt::format("group-{}", groups_++);
        options.registry = {.urls = {url},
                            .backoff = std::chrono::milliseconds(1),
                            .unavailable_ttl = std::chrono::milliseconds(0)};
        options.metrics = &metrics_;
        return ingest_kafka(*files_, options, MarchClock(), stop_.get_token());
    }
    Result<VerifyReport> read_again(std::chrono::milliseconds patience) {
        KafkaVerifyOptions kafka{.cluster = {.brokers = cluster_.brokers()}, .patience = patience};
        kafka.registry = {.urls = {registry_.url()},
                          .backoff = std::chrono::milliseconds(1),
                          .unavailable_ttl = std::chrono::milliseconds(0)};
        return verify(
            *files_,
            {.full = true, .scratch = root_, .kafka = std::move(kafka), .stop = stop_.get_token()});
    }
    static lake::TopicCounters counters(const KafkaSummary& summary) {
        const auto found = summary.ingest.topics.find(kListens);
        return found == summary.ingest.topics.end() ? lake::TopicCounters{}
                                                    : found->second.counters;
    }
    void expect_clean() const {
        const auto report = verify(*files_, {.full = true, .scratch = root_});
        ASSERT_TRUE(report);
        EXPECT_THAT(report.value().findings, testing::IsEmpty());
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    kafka::MockCluster cluster_;
    kafka::TestRegistry registry_;
    Metrics metrics_{"1", "a"};
    std::string avro_;
    std::stop_source stop_;
    int groups_ = 0;
};

TEST_F(KafkaSchemaTest, plain_and_framed_records_come_in_side_by_side) {
    produce(event::kListen);
    produce_framed(kJsonId, event::kListen);
    produce_framed(kAvroId, avro_);
    produce_framed(99, avro_);
    produce_framed(kAvroId, avro_.substr(0, avro_.size() - 1));
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).written, 3u);
    EXPECT_EQ(counters(summary.value()).quarantined, 2u);
    EXPECT_EQ(counters(summary.value()).by_reason,
              (std::map<std::string, std::uint64_t>{{"bad_avro", 1}, {"unknown_schema", 1}}));
    expect_clean();
}

// The producers' schemas of one topic as years go by: each record is read by its writer's.
TEST_F(KafkaSchemaTest, schemas_that_evolve_are_read_side_by_side_and_a_narrowing_is_refused) {
    using Json = nlohmann::ordered_json;
    const auto with = [](const auto& change) {
        Json schema = Json::parse(event::avro_schema_of(Topic::listen_events));
        change(schema["fields"]);
        return schema.dump();
    };
    constexpr int kAdded = 13;
    constexpr int kSmaller = 14;
    constexpr int kNarrowing = 15;
    registry_.put(kAdded, with([](Json& fields) {
                      fields.push_back({{"name", "mood"}, {"type", {"null", "string"}}});
                  }));
    const auto retyped = [&](const char* type) {
        return with([type](Json& fields) {
            for (Json& field : fields) {
                if (field["name"] == "sessionId") field["type"] = type;
            }
        });
    };
    registry_.put(kSmaller, retyped("int"));  // of the same bytes
    registry_.put(kNarrowing, with([](Json& fields) {
                      for (Json& field : fields) {
                          if (field["name"] == "itemInSession") field["type"] = "long";
                      }
                  }));
    produce_framed(kAvroId, avro_);
    produce_framed(kAdded, avro_ + "\x02\x06joy");
    produce_framed(kAdded, avro_ + std::string(1, '\0'));
    produce_framed(kSmaller, avro_);
    produce_framed(kNarrowing, avro_);
    produce_framed(kAvroId, avro_);
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).written, 5u);
    EXPECT_EQ(counters(summary.value()).by_reason,
              (std::map<std::string, std::uint64_t>{{"bad_type", 1}}));
    auto database = duck::Database::open({.temp_directory = root_ + "/duck"}).value();
    auto connection = database.connect().value();
    auto rows = connection
                    .query(
                        "select source_offset, sessionId, coalesce(rescued_data, '-') from "
                        "read_parquet('" +
                        root_ + "/lake/bronze/listen_events/*/*/*.parquet') order by all")
                    .value();
    std::vector<std::string> read;
    while (rows.next()) {
        read.push_back(fmt::format("{} {} {}", rows.int64(0), rows.int64(1), rows.text(2)));
    }
    EXPECT_THAT(read, testing::ElementsAre("0 101 -", R"(1 101 {"mood":"joy"})", "2 101 -",
                                           "3 101 -", "5 101 -"));
    expect_clean();
}

TEST_F(KafkaSchemaTest, a_schema_named_by_a_header_is_refused_unless_the_value_is_json) {
    cluster_.produce_with_header(kListens, 0, avro_, "__value_schema_id", "\1GUID");
    cluster_.produce_with_header(kListens, 0, event::kListen, "__value_schema_id", "\1GUID");
    cluster_.produce_with_header(kListens, 0, event::kListen, "trace", "1");
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).written, 2u);
    EXPECT_EQ(counters(summary.value()).by_reason,
              (std::map<std::string, std::uint64_t>{{"bad_framing", 1}}));
}

TEST_F(KafkaSchemaTest, nobody_is_asked_what_the_id_of_a_record_means_that_is_refused_anyway) {
    std::string value;
    kafka::put_frame(value, 99);
    value += avro_;
    cluster_.produce_with_header(kListens, 0, value, "__value_schema_id", "\1GUID");
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).by_reason,
              (std::map<std::string, std::uint64_t>{{"bad_framing", 1}}));
    EXPECT_THAT(registry_.requests(), testing::IsEmpty());
}

TEST_F(KafkaSchemaTest, a_known_schema_is_read_while_the_registry_is_down) {
    produce_framed(kAvroId, avro_);
    ASSERT_TRUE(ingest(registry_.url()));
    produce_framed(kAvroId, avro_);
    registry_.fail_next(1'000'000, 503);
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).written, 1u);
    EXPECT_THAT(metrics_.text(MarchClock().now()),
                HasSubstr("bassline_schema_registry_lookups_total{result=\"disk\"} 1\n"));
}

TEST_F(KafkaSchemaTest, while_the_registry_is_down_records_wait_and_none_is_quarantined) {
    produce(event::kListen);
    produce_framed(kAvroId, avro_);
    registry_.fail_next(1'000'000, 503);
    std::jthread mender([this] {
        while (registry_.requests().size() < 4) std::this_thread::yield();
        registry_.fail_next(0, 0);
    });
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).written, 2u);
    EXPECT_EQ(counters(summary.value()).quarantined, 0u);
    expect_clean();
}

TEST_F(KafkaSchemaTest, verify_waits_for_a_registry_that_is_away_for_a_moment_or_a_stop) {
    produce_framed(kAvroId, avro_);
    ASSERT_TRUE(ingest(registry_.url()));
    registry_.fail_next(4, 503);  // more than the tries of one question
    const auto report = read_again(std::chrono::seconds(30));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report.value().findings, testing::IsEmpty());
    EXPECT_EQ(report.value().brokers.front().unread, 0u);

    registry_.fail_next(1'000'000, 503);
    std::jthread stopper([this, asked = registry_.requests().size()] {
        while (registry_.requests().size() < asked + 4) std::this_thread::yield();
        stop_.request_stop();
    });
    const auto stopped = read_again(std::chrono::minutes(10));
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled) << stopped.error().message;
}

TEST_F(KafkaSchemaTest, a_stop_while_records_wait_keeps_what_came_before_and_loses_none) {
    produce(event::kListen);
    registry_.fail_next(1'000'000, 503);
    ASSERT_TRUE(ingest(registry_.url()));
    produce_framed(kAvroId, avro_);
    {
        std::jthread stopper([this] {
            while (registry_.requests().empty()) std::this_thread::yield();
            stop_.request_stop();
        });
        const auto stopped = ingest(registry_.url());
        ASSERT_TRUE(stopped) << stopped.error().message;
        EXPECT_EQ(counters(stopped.value()).consumed, 0u);
    }
    stop_ = {};
    registry_.fail_next(0, 0);
    const auto summary = ingest(registry_.url());
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(counters(summary.value()).written, 1u);
    expect_clean();
}

TEST_F(KafkaSchemaTest, a_registry_that_refuses_us_stops_the_ingest) {
    produce_framed(kAvroId, avro_);
    registry_.demand("Basic c29tZWJvZHk6ZWxzZQ==");
    const auto summary = ingest(registry_.url());
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().kind, ErrorKind::config);
    EXPECT_THAT(summary.error().message, HasSubstr("--schema-registry-config"));
}

}  // namespace
}  // namespace bassline::ingest
