// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/avro_decoder.hpp"
#include "event/avro_encoder.hpp"
#include "event/published_schema.hpp"
#include "event/sample_lines.hpp"

// Records of our own schemas, of others', and of none.
namespace bassline::event {
namespace {

using testing::HasSubstr;

// Decodes a record in a buffer that ends kTextPadding behind it, so that ASan sees every overrun.
class AvroRecords {
public:
    const Line& decode(const AvroPlan& plan, std::string_view record) {
        buffer_ = std::make_unique<char[]>(record.size() + kTextPadding);
        record.copy(buffer_.get(), record.size());
        return decoder_.decode(plan, {buffer_.get(), record.size()});
    }

private:
    std::unique_ptr<char[]> buffer_;
    AvroDecoder decoder_{kEventMsMax};
};

// Avro's encoding, as a writer of any schema would spell it.
struct Spelling {
    std::string bytes;

    Spelling& number(std::int64_t value) {
        auto bits =
            static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
        for (; bits >= 0x80; bits >>= 7) bytes += static_cast<char>(bits | 0x80);
        bytes += static_cast<char>(bits);
        return *this;
    }
    Spelling& text(std::string_view value) {
        number(static_cast<std::int64_t>(value.size()));
        bytes += value;
        return *this;
    }
    template <class T>
    Spelling& raw(T value) {
        char copy[sizeof value];
        std::memcpy(copy, &value, sizeof value);
        bytes.append(copy, sizeof value);
        return *this;
    }
};

AvroPlan plan_of(const std::string& fields) {
    auto plan = make_avro_plan(R"({"type":"record","name":"r","fields":[)" + fields + "]}");
    EXPECT_TRUE(plan) << plan.error().message;
    return std::move(plan).value();
}

// What every status change has; more fields go behind.
constexpr const char* kKeys =
    R"({"name":"itemInSession","type":"int"},{"name":"ts","type":"long"},{"name":"sessionId","type":"int"})";
Spelling keys() {
    return Spelling().number(5).number(1'741'000'000'000).number(77);
}
AvroPlan plan_with(const std::string& fields) {
    return plan_of(std::string(kKeys) + "," + fields);
}

Refusal refusal_of(const Line& line) {
    EXPECT_TRUE(line.records[0].refusal) << "not refused";
    return line.records[0].refusal.value_or(Refusal{Reason::bad_json, ""});
}

TEST(AvroTest, what_we_write_is_read_as_the_json_was) {
    const std::pair<std::string_view, Topic> cases[] = {
        {kPageView, Topic::page_view_events},
        {kListen, Topic::listen_events},
        {kAuth, Topic::auth_events},
        {kStatusChange, Topic::status_change_events}};
    for (const auto& [json, topic] : cases) {
        Lines lines;
        AvroRecords records;
        const Line& original = lines.decode(json);
        std::string record;
        append_avro(record, original.fields, topic);
        EXPECT_LT(record.size(), json.size() * 2 / 3);
        const AvroPlan plan = make_avro_plan(avro_schema_of(topic)).value();
        const Line& read = records.decode(plan, record);
        ASSERT_EQ(read.record_count, 1u);
        EXPECT_FALSE(read.records[0].refusal) << read.records[0].refusal->detail;
        EXPECT_EQ(read.records[0].topic, topic);
        EXPECT_EQ(read.format, InputFormat::topics);
        EXPECT_EQ(read.rescued, "");
        EXPECT_EQ(read.fields.present, original.fields.present);
        for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
            const auto column = static_cast<Column>(i);
            if (!read.fields.has(column)) continue;
            if (definition(column).type == Type::text) {
                EXPECT_EQ(text_of(read, column), text_of(original, column));
            } else if (definition(column).type == Type::boolean) {
                EXPECT_EQ(read.fields[column].boolean, original.fields[column].boolean);
            } else {
                EXPECT_EQ(read.fields[column].integer, original.fields[column].integer)
                    << definition(column).name;
            }
        }
    }
}

TEST(AvroTest, other_orders_missing_fields_and_widenings_are_resolved) {
    const AvroPlan plan = plan_with(
        R"({"name":"lat","type":["float","null"]},{"name":"lon","type":"long"},)"
        R"({"name":"userId","type":"long"},{"name":"level","type":{"type":"enum","name":"e","symbols":["paid","free"]}},)"
        R"({"name":"city","type":"bytes"})");
    Spelling record = keys();
    record.number(0).raw(42.5F).number(-71).number(69).number(1).text("Boston");
    AvroRecords records;
    const Line& line = records.decode(plan, record.bytes);
    ASSERT_FALSE(line.records[0].refusal) << line.records[0].refusal->detail;
    EXPECT_EQ(line.records[0].topic, Topic::status_change_events);
    EXPECT_EQ(line.fields[Column::session_id].integer, 77);
    EXPECT_EQ(line.fields[Column::lat].real, 42.5);
    EXPECT_EQ(line.fields[Column::lon].real, -71.0);
    EXPECT_EQ(text_of(line, Column::user_id), "69");
    EXPECT_EQ(text_of(line, Column::level), "free");
    EXPECT_EQ(text_of(line, Column::city), "Boston");
    EXPECT_FALSE(line.fields.has(Column::gender));
}

TEST(AvroTest, fields_without_a_column_are_kept_as_json) {
    const AvroPlan plan =
        plan_with(R"({"name":"x","type":["null","string"]},{"name":"y","type":["null","string"]},)"
                  R"({"name":"deep","type":{"type":"record","name":"d","namespace":"n","fields":[)"
                  R"({"name":"list","type":{"type":"array","items":"int"}},)"
                  R"({"name":"map","type":{"type":"map","values":"double"}},)"
                  R"({"name":"raw","type":{"type":"fixed","name":"f","size":2}},)"
                  R"({"name":"next","type":["null","d"]}]}})");
    Spelling record = keys();
    record.number(0).number(1).text("\"é");           // x null, y
    record.number(-2).number(2).number(1).number(2);  // a block of two with its bytes
    record.number(1).number(3).number(0);             // a block of one, the end
    record.number(1).text("k").raw(0.5).number(0);    // the map
    record.raw('\1').raw('\xFF');                     // the fixed
    record.number(0);                                 // next: null
    AvroRecords records;
    const Line& line = records.decode(plan, record.bytes);
    ASSERT_FALSE(line.records[0].refusal) << line.records[0].refusal->detail;
    EXPECT_EQ(line.rescued,
              "{\"y\":\"\\\"é\",\"deep\":{\"list\":[1,2,3],\"map\":{\"k\":0.5},\"raw\":"
              "\"\\u0001ÿ\",\"next\":null}}");
}

TEST(AvroTest, a_value_of_another_topics_column_is_kept_as_json) {
    const AvroPlan plan =
        plan_with(R"({"name":"success","type":"boolean"},{"name":"auth","type":"string"})");
    Spelling record = keys();
    record.raw('\1').text("Guest");
    AvroRecords records;
    const Line& line = records.decode(plan, record.bytes);
    EXPECT_EQ(line.records[0].topic, Topic::auth_events);
    EXPECT_EQ(line.rescued, R"({"auth":"Guest"})");
}

TEST(AvroTest, a_value_of_another_topics_column_is_kept_whatever_its_type) {
    AvroRecords records;
    const AvroPlan auth =
        plan_with(R"({"name":"success","type":"boolean"},)"
                  R"({"name":"auth","type":["null",{"type":"array","items":"int"}]})");
    const auto none = keys().raw('\1').number(0);
    const auto two = keys().raw('\1').number(1).number(2).number(7).number(8).number(0);
    EXPECT_EQ(records.decode(auth, none.bytes).rescued, "");
    const Line& line = records.decode(auth, two.bytes);
    EXPECT_EQ(line.records[0].topic, Topic::auth_events);
    EXPECT_FALSE(line.records[0].refusal);
    EXPECT_EQ(line.rescued, R"({"auth":[7,8]})");
    // What a listen is refused for is not the field that it has no column for.
    const AvroPlan listen =
        plan_with(R"({"name":"success","type":"string"},{"name":"song","type":"string"},)"
                  R"({"name":"level","type":"long"})");
    const Line& refused = records.decode(listen, keys().text("yes").text("B").number(9).bytes);
    EXPECT_EQ(refused.records[0].topic, Topic::listen_events);
    EXPECT_EQ(refusal_of(refused).detail, "level: the writer's long does not fit STRING");
}

TEST(AvroTest, what_does_not_fit_is_refused_where_it_holds_a_value) {
    const AvroPlan plan = plan_with(
        R"({"name":"level","type":["null","long"]},{"name":"lat","type":["null","string"]})");
    AvroRecords records;
    EXPECT_FALSE(records.decode(plan, keys().number(0).number(0).bytes).records[0].refusal);
    const Refusal refusal =
        refusal_of(records.decode(plan, keys().number(1).number(9).number(1).text("42").bytes));
    EXPECT_EQ(refusal.reason, Reason::bad_type);
    EXPECT_EQ(refusal.detail, "level: the writer's long does not fit STRING");
    const AvroPlan narrow = plan_of(
        R"({"name":"ts","type":"long"},{"name":"sessionId","type":"long"},{"name":"itemInSession","type":"long"})");
    EXPECT_EQ(
        refusal_of(
            records.decode(narrow, Spelling().number(1'741'000'000'000).number(1).number(2).bytes))
            .detail,
        "itemInSession: the writer's long does not fit INT32");
}

TEST(AvroTest, the_rules_of_json_hold) {
    AvroRecords records;
    const AvroPlan plan =
        plan_with(R"({"name":"level","type":"string"},{"name":"lat","type":"double"})");
    EXPECT_EQ(refusal_of(records.decode(plan, keys().text("gold").raw(1.0).bytes)).detail,
              R"(level: "gold")");
    EXPECT_EQ(refusal_of(records.decode(plan, keys().text("free").raw(std::nan("")).bytes)).reason,
              Reason::bad_type);
    const Line& late =
        records.decode(plan, Spelling().number(1).number(5).number(1).text("free").raw(1.0).bytes);
    EXPECT_EQ(refusal_of(late).reason, Reason::ts_out_of_range);
    const AvroPlan lacking =
        plan_of(R"({"name":"ts","type":"long"},{"name":"success","type":"boolean"})");
    const Line& line =
        records.decode(lacking, Spelling().number(1'741'000'000'000).raw('\0').bytes);
    EXPECT_EQ(refusal_of(line).reason, Reason::missing_required);
    EXPECT_EQ(line.records[0].topic, Topic::auth_events);
}

TEST(AvroTest, bytes_that_are_no_record_are_refused_with_their_reason) {
    AvroRecords records;
    const AvroPlan plan = plan_with(
        R"({"name":"city","type":["null","string"]},{"name":"x","type":["null",{"type":"array","items":"null"}]})");
    const auto said = [&](const Spelling& record) {
        const Line& line = records.decode(plan, record.bytes);
        EXPECT_FALSE(line.format);
        const Refusal refusal = refusal_of(line);
        return std::string(to_string(refusal.reason)) + ": " + refusal.detail;
    };
    EXPECT_EQ(said({}), "bad_avro: itemInSession: cut short in a number");
    EXPECT_EQ(said(Spelling().number(std::int64_t{1} << 40)),
              "bad_avro: itemInSession: an int has more than 32 bits");
    EXPECT_EQ(said({std::string(11, '\xFF')}),
              "bad_avro: itemInSession: a number has more than 64 bits");
    EXPECT_EQ(said(keys().number(2)), "bad_avro: city: a union or enum has no such branch");
    EXPECT_EQ(said(keys().number(-1)), "bad_avro: city: a union or enum has no such branch");
    EXPECT_EQ(said(keys().number(1).number(-3)), "bad_avro: city: a length is negative");
    EXPECT_EQ(said(keys().number(1).number(std::int64_t{1} << 62)),
              "bad_avro: city: a length goes past the end");
    EXPECT_EQ(said(keys().number(1).text("\xC3\x28").number(0)), "bad_encoding: city: not UTF-8");
    EXPECT_EQ(said(keys().number(0).number(0).number(0)), "bad_avro: 1 bytes behind the record");
    EXPECT_EQ(said(keys().number(0).number(1).number(std::int64_t{1} << 60)),
              "bad_avro: x: more values than its bytes can mean");
}

TEST(AvroTest, a_schema_that_cannot_be_read_says_why) {
    const auto said = [](const std::string& schema) {
        const auto plan = make_avro_plan(schema);
        return plan ? "read" : plan.error().message;
    };
    EXPECT_THAT(said("\"string\""), HasSubstr("is a string, not a record"));
    EXPECT_THAT(said("{"), HasSubstr("no JSON"));
    EXPECT_THAT(said(R"({"type":"record","name":"r","fields":[{"name":"a","type":"other"}]})"),
                HasSubstr("names an unknown type: 'other'"));
    EXPECT_THAT(
        said(
            R"({"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})"),
        HasSubstr("a field twice"));
    EXPECT_THAT(said(std::string(100'000, '[') + std::string(100'000, ']')),
                HasSubstr("union in a union"));
    EXPECT_THAT(said(R"({"type":"enum","name":"e"})"), HasSubstr("without symbols"));
}

TEST(AvroTest, a_type_that_holds_itself_for_ever_ends) {
    AvroRecords records;
    const AvroPlan plan = plan_with(
        R"({"name":"x","type":{"type":"record","name":"loop","fields":[{"name":"again","type":"loop"}]}})");
    EXPECT_THAT(refusal_of(records.decode(plan, keys().bytes)).detail,
                HasSubstr("nested too deeply"));
}

// Names repeat and nulls take no bytes, so that a short record may mean a long text: what all its
// fields together may become is bounded.
TEST(AvroTest, what_the_fields_of_a_record_are_kept_as_has_one_limit) {
    const std::string item = R"({"type":"record","name":"e","fields":[{"name":")" +
                             std::string(3'000, 'n') + R"(","type":"null"}]})";
    const AvroPlan named = plan_with(R"({"name":"x","type":{"type":"array","items":)" + item +
                                     R"(}},{"name":"y","type":{"type":"array","items":"e"}})");
    AvroRecords records;
    const Line& one =
        records.decode(named, keys().number(1'000).number(0).number(0).bytes);  // 3 MB
    EXPECT_FALSE(one.records[0].refusal);
    EXPECT_GT(one.rescued.size(), 3'000'000u);
    const Line& both =
        records.decode(named, keys().number(1'000).number(0).number(1'000).number(0).bytes);
    EXPECT_EQ(refusal_of(both).detail, "y: its fields without a column are over 4 MiB as JSON");
    const AvroPlan nulls = plan_with(R"({"name":"x","type":{"type":"array","items":"null"}},)"
                                     R"({"name":"y","type":{"type":"array","items":"null"}})");
    EXPECT_EQ(refusal_of(records.decode(
                             nulls, keys().number(3'000).number(0).number(3'000).number(0).bytes))
                  .detail,
              "y: more values than its bytes can mean");
    EXPECT_FALSE(
        records.decode(nulls, keys().number(3'000).number(0).number(0).bytes).records[0].refusal);
}

// No cut, and no flipped bit, makes the decoder read past the end or say what is not text.
TEST(AvroTest, cut_and_damaged_records_are_read_or_refused) {
    Lines lines;
    AvroRecords records;
    const AvroPlan deep = plan_with(
        R"({"name":"x","type":{"type":"array","items":{"type":"map","values":["null","string",)"
        R"({"type":"record","name":"p","fields":[{"name":"q","type":["null","p"]}]}]}}})");
    Spelling nested = keys();
    nested.number(1).number(2).text("a").number(1).text("b").text("c").number(2).number(1).number(
        0);
    nested.number(0).number(0);
    std::string page_view;
    append_avro(page_view, lines.decode(kPageView).fields, Topic::page_view_events);
    const AvroPlan ours = make_avro_plan(avro_schema_of(Topic::page_view_events)).value();
    for (const auto& [plan, record] :
         {std::pair(&ours, page_view), std::pair(&deep, nested.bytes)}) {
        ASSERT_FALSE(records.decode(*plan, record).records[0].refusal);
        for (std::size_t size = 0; size < record.size(); ++size) {
            EXPECT_TRUE(records.decode(*plan, record.substr(0, size)).records[0].refusal) << size;
        }
        for (std::size_t at = 0; at < record.size(); ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string damaged = record;
                damaged[at] = static_cast<char>(byte);
                const Line& line = records.decode(*plan, damaged);
                ASSERT_EQ(line.record_count, 1u);
                if (!line.rescued.empty()) {
                    EXPECT_TRUE(nlohmann::json::accept(line.rescued)) << line.rescued;
                }
            }
        }
    }
}

TEST(AvroTest, random_bytes_are_read_or_refused) {
    std::mt19937 random(20'250'314);
    AvroRecords records;
    for (const Topic topic : kTopics) {
        const AvroPlan plan = make_avro_plan(avro_schema_of(topic)).value();
        for (int turn = 0; turn < 2'000; ++turn) {
            std::string record(random() % 200, '\0');
            for (char& byte : record) byte = static_cast<char>(random() % (turn % 2 ? 256 : 8));
            EXPECT_EQ(records.decode(plan, record).record_count, 1u);
        }
    }
}

}  // namespace
}  // namespace bassline::event
