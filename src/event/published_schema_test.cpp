// SPDX-License-Identifier: Apache-2.0
#include "event/published_schema.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/avro_plan.hpp"

namespace bassline::event {
namespace {

TEST(PublishedSchemaTest, the_avro_schema_of_a_topic_is_as_it_was_registered) {
    EXPECT_THAT(
        avro_schema_of(Topic::auth_events),
        testing::StartsWith(
            R"({"type":"record","name":"auth_events","namespace":"bassline","fields":[)"
            R"({"name":"ts","type":"long","doc":"time of the event, milliseconds since 1970"},)"
            R"({"name":"sessionId","type":"long","doc":"the producer's session number"},)"
            R"({"name":"level","type":["null","string"],"default":null,"doc":"subscription at )"
            R"(the time; before the change in status_change_events"},)"
            R"({"name":"itemInSession","type":"int","doc":"number of the step in its session, )"));
}

TEST(PublishedSchemaTest, the_json_schema_of_a_topic_is_as_it_was_registered) {
    const auto schema = nlohmann::json::parse(json_schema_of(Topic::listen_events));
    EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    EXPECT_EQ(schema["required"].dump(), R"(["ts","sessionId","itemInSession","artist","song"])");
    EXPECT_EQ(schema["properties"]["userId"]["type"].dump(), R"(["integer","string","null"])");
    EXPECT_EQ(schema["properties"]["level"]["enum"].dump(), R"(["free","paid",null])");
    EXPECT_EQ(schema["properties"]["ts"]["type"], "integer");
    EXPECT_EQ(schema["properties"]["duration"]["type"].dump(), R"(["number","null"])");
    EXPECT_EQ(schema["additionalProperties"], false);
    EXPECT_FALSE(schema["properties"].contains("page"));
}

TEST(PublishedSchemaTest, a_reader_tells_the_topic_by_its_schema) {
    for (const Topic topic : kTopics) {
        const auto plan = make_avro_plan(avro_schema_of(topic));
        ASSERT_TRUE(plan) << plan.error().message;
        EXPECT_EQ(plan.value().topic, topic);
        EXPECT_EQ(plan.value().seen, columns_of(topic).allowed);
        for (const AvroStep& step : plan.value().steps) EXPECT_NE(step.op, AvroOp::mismatch);
        for (const AvroStep& step : plan.value().branches) EXPECT_NE(step.op, AvroOp::mismatch);
    }
}

}  // namespace
}  // namespace bassline::event
