// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "event/schema.hpp"
#include "ingest/row_buffer.hpp"
#include "ingest/test_batch_writer.hpp"

namespace bassline::ingest {
namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string golden() {
    std::string text;
    for (const auto* topic :
         {"listen_events", "page_view_events", "auth_events", "status_change_events"}) {
        text += read_file(fmt::format("tests/data/golden/{}.ndjson", topic));
    }
    return text;
}

constexpr std::string_view kSingle =
    R"({"ts":1741132878000,"userId":"31","sessionId":310,"page":"NextSong","auth":"Logged In","method":"PUT","status":200,"level":"paid","itemInSession":7,"location":"Tampa, FL","userAgent":"\"M\/5\"","lastName":"K","firstName":"A","registration":1664626423000.0,"gender":"F","artist":"BjÃ¶rk","song":" D\u00e9 ","length":218.14752})";

TEST_F(BatchWriterTest, TheGoldenFixtureGivesItsRows) {
    const auto result = write(golden());
    EXPECT_EQ(result.counters.at("page_view_events").written, 23u);
    EXPECT_EQ(result.counters.at("auth_events").written, 3u);
    EXPECT_EQ(result.counters.at("status_change_events").written, 1u);
    EXPECT_EQ(ask("select count(*) from " + files_of(result, "page_view_events")), "23");
    EXPECT_EQ(ask("select count(distinct song) from " + files_of(result, "listen_events")), "6");
    EXPECT_EQ(ask("select list(success order by ts) from " + files_of(result, "auth_events")),
              "[false, true, true]");
    EXPECT_EQ(result.dates_touched, (std::vector<std::string>{"2025-03-14", "2025-03-15"}));
}

TEST_F(BatchWriterTest, OneFileATopicAndHourWithItsFigures) {
    const auto result = write(listen(1741132800000, 1, "a") + listen(1741136399999, 2, "b") +
                              listen(1741136400000, 3, "c"));
    ASSERT_EQ(result.outputs.size(), 2u);
    const auto& first = result.outputs[0];
    EXPECT_EQ(first.topic, "listen_events");
    EXPECT_EQ(first.date, "2025-03-05");
    EXPECT_EQ(first.hour, 0);
    EXPECT_EQ(first.rows, 2u);
    EXPECT_EQ(first.min_event_ms, 1741132800000);
    EXPECT_EQ(first.max_event_ms, 1741136399999);
    EXPECT_FALSE(first.staged.ends_with(".parquet"));
    EXPECT_EQ(first.bytes, files_->stat(first.staged).value().bytes);
    EXPECT_EQ(result.outputs[1].hour, 1);
}

TEST_F(BatchWriterTest, AddedColumnsComeFromTheLineAndTheBatch) {
    BatchContext context;
    context.seq = 12;
    context.producer = "north";
    const auto result = write("\n" + std::string(kSingle) + "\n", context);
    for (const auto* topic : {"page_view_events", "listen_events"}) {
        EXPECT_EQ(
            ask("select (epoch_ms(event_at), artist_utf8, song_utf8, location, input_format, "
                "producer, source, source_partition, source_offset, source_timestamp, "
                "epoch_us(ingested_at), chain, seq, schema_id, rescued_data) from " +
                files_of(result, topic)),
            "(1741132878000, Bj\u00f6rk, D\u00e9, 'Tampa, FL', single, north, file, 7, 1, NULL, "
            "1770000000000000, files, 12, NULL, NULL)")
            << topic;
    }
    EXPECT_EQ(ask("select (artist, song, userAgent, userId, registration, duration, status) from " +
                  files_of(result, "page_view_events")),
              "(Bj\u00c3\u00b6rk, ' D\u00e9 ', '\"M/5\"', 31, 1664626423000, 218.14752, 200)");
    EXPECT_EQ(ask("select list(key || '=' || value order by key) from (select decode(key) as key, "
                  "decode(value) as value from parquet_kv_metadata('" +
                  files_->absolute(result.outputs[0].staged) + "'))"),
              "['bassline.chain=files', 'bassline.seq=12']");
}

TEST_F(BatchWriterTest, TheFilesHaveTheColumnsOfTheSchemaTable) {
    const auto result = write(golden());
    for (const auto topic : event::kTopics) {
        std::string expected;
        for (const auto& column : event::bronze_columns()) {
            const auto presence = column.in(topic);
            if (presence == event::Presence::absent) continue;
            expected +=
                fmt::format("{}:{} ", column.name,
                            presence == event::Presence::required ? "REQUIRED" : "OPTIONAL");
        }
        for (const auto& output : result.outputs) {
            if (output.topic != to_string(topic)) continue;
            EXPECT_EQ(ask("select string_agg(name || ':' || repetition_type || ' ', '' order by "
                          "column_id) from parquet_schema('" +
                          files_->absolute(output.staged) + "') where type is not null"),
                      expected);
        }
    }
}

TEST_F(BatchWriterTest, BadLinesGoToQuarantineAndGoodOnesStay) {
    const std::string bad = std::string("{\"ts\":1,\xff}\n") + "not json\n" +
                            R"({"ts":1741132800000,"sessionId":1,"artist":"A"})" + "\n";
    const auto result =
        write(listen(1741132800000, 1, "a") + bad + "  \r\n\n" + listen(1741132800000, 2, "b"));
    EXPECT_EQ(result.counters.at("listen_events").written, 2u);
    EXPECT_EQ(result.counters.at("listen_events").quarantined, 1u);
    EXPECT_EQ(result.counters.at("page_view_events").consumed, 2u);
    EXPECT_EQ(result.counters.at("page_view_events").by_reason.at("bad_json"), 1u);
    const auto pages = files_of(result, "page_view_events", lake::OutputKind::quarantine);
    EXPECT_EQ(ask("select list((reason, detail, source_offset, raw_bytes, input_format) order by "
                  "source_offset) from " +
                  pages),
              fmt::format("[(bad_encoding, byte 0xff at position 8 is not UTF-8, {0}, 10, NULL), "
                          "(bad_json, not one complete JSON object, {1}, 8, NULL)]",
                          listen(1741132800000, 1, "a").size(),
                          listen(1741132800000, 1, "a").size() + 11));
    EXPECT_EQ(ask("select octet_length(raw) from " + pages + " order by source_offset limit 1"),
              "10");
    EXPECT_EQ(ask("select (reason, detail, input_format) from " +
                  files_of(result, "listen_events", lake::OutputKind::quarantine)),
              "(missing_required, itemInSession is missing, topics)");
    EXPECT_EQ(result.dates_touched.size(), 1u);
}

TEST_F(BatchWriterTest, AnOversizeLineCostsOneQuarantineRow) {
    const auto result =
        write(listen(1741132800000, 1, std::string(10 << 20, 'x')) + listen(1741132800000, 2, "b"));
    EXPECT_EQ(result.counters.at("page_view_events").by_reason.at("oversize"), 1u);
    EXPECT_EQ(result.counters.at("listen_events").written, 1u);
    EXPECT_EQ(ask("select (octet_length(raw), raw_bytes > 10000000) from " +
                  files_of(result, "page_view_events", lake::OutputKind::quarantine)),
              "(1048576, true)");
}

TEST_F(BatchWriterTest, EscapedNullsAndOddTextsSurvive) {
    const auto result = write(listen(1741132800000, 1, "a\\u0000b\\ud83c\\udfb5\\\"\\\\"));
    EXPECT_EQ(ask("select (length(song), encode(song)) from " + files_of(result, "listen_events")),
              "(6, a\\x00b\\xF0\\x9F\\x8E\\xB5\\x22\\x5C)");
}

TEST_F(BatchWriterTest, TheSameLinesGiveTheSameBytes) {
    const auto first = write(golden());
    const auto second = write(golden(), {}, 100);
    ASSERT_EQ(first.outputs.size(), second.outputs.size());
    for (std::size_t i = 0; i < first.outputs.size(); ++i) {
        EXPECT_EQ(first.outputs[i].xxh64, second.outputs[i].xxh64) << first.outputs[i].staged;
    }
    // Nor does it matter if the worker knows texts from batches before.
    BatchContext knowing;
    knowing.interners = std::make_shared<Interners>();
    write(std::string(kSingle) + '\n' + listen(1741132800000, 1, "another"), knowing);
    write(golden(), knowing);
    const auto third = write(golden(), knowing);
    ASSERT_EQ(first.outputs.size(), third.outputs.size());
    for (std::size_t i = 0; i < first.outputs.size(); ++i) {
        EXPECT_EQ(first.outputs[i].xxh64, third.outputs[i].xxh64) << first.outputs[i].staged;
    }
}

}  // namespace
}  // namespace bassline::ingest
