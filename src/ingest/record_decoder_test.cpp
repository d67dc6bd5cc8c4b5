// SPDX-License-Identifier: Apache-2.0
#include "ingest/record_decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/avro_encoder.hpp"
#include "event/published_schema.hpp"
#include "event/sample_lines.hpp"
#include "kafka/framing.hpp"
#include "kafka/test_registry.hpp"

namespace bassline::ingest {
namespace {

using event::Topic;
using testing::HasSubstr;

class RecordDecoderTest : public testing::Test {
protected:
    static kafka::RegistryOptions options_of(const kafka::TestRegistry& server) {
        return {.urls = {server.url()},
                .backoff = std::chrono::milliseconds(1),
                .unavailable_ttl = std::chrono::milliseconds(0)};
    }

    static std::string framed(int id, std::string_view payload) {
        std::string value;
        kafka::put_frame(value, id);
        value += payload;
        return value;
    }
    static std::string avro_listen() {
        event::Lines lines;
        std::string record;
        event::append_avro(record, lines.decode(event::kListen).fields, Topic::listen_events);
        return record;
    }

    RecordDecoder::Answer decode(std::string_view value) {
        if (auto ready = schemas_.prepare(value); !ready) ADD_FAILURE() << ready.error().message;
        buffer_ = std::make_unique<char[]>(value.size() + event::kScanPadding);
        value.copy(buffer_.get(), value.size());
        return decoder_.decode({buffer_.get(), value.size()});
    }
    std::string refusal(std::string_view value) {
        const auto answer = decode(value);
        const auto& refused = answer.line.records[0].refusal;
        if (!refused) return "none";
        return std::string(to_string(refused->reason)) + ": " + refused->detail;
    }

    kafka::TestRegistry server_;
    kafka::SchemaRegistry registry_{options_of(server_)};
    RecordSchemas schemas_{&registry_};
    RecordDecoder decoder_{event::kEventMsMax, &schemas_};
    std::unique_ptr<char[]> buffer_;
};

TEST_F(RecordDecoderTest, plain_json_has_no_schema) {
    const auto answer = decode(event::kListen);
    EXPECT_FALSE(answer.schema_id);
    EXPECT_FALSE(answer.line.records[0].refusal);
    EXPECT_FALSE(decode(" \n{}").schema_id);
    EXPECT_THAT(server_.requests(), testing::IsEmpty());
}

TEST_F(RecordDecoderTest, framed_json_and_avro_are_told_apart_by_their_schema) {
    server_.put(1, event::json_schema_of(Topic::listen_events), "JSON");
    server_.put(2, event::avro_schema_of(Topic::listen_events));
    for (const auto& value : {framed(1, event::kListen), framed(2, avro_listen())}) {
        const auto answer = decode(value);
        EXPECT_EQ(answer.schema_id, value[4]);
        ASSERT_FALSE(answer.line.records[0].refusal) << answer.line.records[0].refusal->detail;
        EXPECT_EQ(answer.line.records[0].topic, Topic::listen_events);
        EXPECT_EQ(event::text_of(answer.line, event::Column::user_id), "7");
    }
    EXPECT_THAT(refusal(framed(2, "{}")), HasSubstr("bad_avro"));
}

TEST_F(RecordDecoderTest, what_is_framed_wrongly_says_how) {
    EXPECT_THAT(refusal(std::string("\0\0\0", 3)), HasSubstr("bad_framing: cut short"));
    EXPECT_THAT(refusal(std::string("\1", 1) + std::string(20, 'x')),
                HasSubstr("bad_framing: framed with the GUID"));
}

TEST_F(RecordDecoderTest, schemas_nobody_knows_or_reads_are_refused_and_known_later) {
    EXPECT_EQ(refusal(framed(9, "{}")), "unknown_schema: the schema registry knows no schema 9");
    server_.put(3, "syntax = \"proto3\";", "PROTOBUF");
    EXPECT_EQ(refusal(framed(3, "x")),
              "unsupported_schema: schema 3: neither Avro nor JSON Schema");
    server_.reply("/schemas/ids/4",
                  {.body = R"({"schema":"\"string\"","references":[{"name":"x"}]})"});
    EXPECT_THAT(refusal(framed(4, "x")), HasSubstr("refers to other schemas"));
    server_.put(5, "\"string\"");
    EXPECT_THAT(refusal(framed(5, "x")), HasSubstr("schema 5: the Avro schema is a string"));
}

TEST_F(RecordDecoderTest, a_registry_that_is_down_leaves_the_value_waiting) {
    server_.fail_next(3, 503);
    const std::string value = framed(2, avro_listen());
    const auto ready = schemas_.prepare(value);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().kind, ErrorKind::unavailable);
    server_.put(2, event::avro_schema_of(Topic::listen_events));
    EXPECT_EQ(refusal(value), "none");
}

TEST_F(RecordDecoderTest, without_a_registry_a_frame_names_the_option) {
    RecordSchemas none(nullptr);
    RecordDecoder decoder(event::kEventMsMax, &none);
    std::string value = framed(2, avro_listen());
    ASSERT_TRUE(none.prepare(value));
    value.reserve(value.size() + event::kScanPadding);
    const auto answer = decoder.decode(value);
    EXPECT_THAT(answer.line.records[0].refusal->detail, HasSubstr("--schema-registry"));
}

}  // namespace
}  // namespace bassline::ingest
