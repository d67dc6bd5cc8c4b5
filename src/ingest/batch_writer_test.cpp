// SPDX-License-Identifier: Apache-2.0
#include "ingest/batch_writer.hpp"

#include <array>
#include <climits>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "duck/database.hpp"
#include "event/schema.hpp"
#include "ingest/row_buffer.hpp"
#include "storage/local_file_system.hpp"

// What a worker writes is read back by DuckDB, which shares nothing with our writer.
namespace bassline::ingest {
namespace {

constexpr Timestamp kIngestedAt{std::chrono::microseconds(1'770'000'000'000'000)};

class BatchWriterTest : public ::testing::Test {
protected:
    void SetUp() override {
        directory_ = std::filesystem::temp_directory_path() /
                     fmt::format("batch-writer-{}", std::random_device{}());
        auto opened = storage::open_local(directory_);
        ASSERT_TRUE(opened) << opened.error().message;
        files_ = std::move(opened).value();
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    // Writes the text as one source, in blocks of about `block_bytes`.
    BatchResult write(const std::string& text, BatchContext context = {},
                      std::size_t block_bytes = 64 << 10) {
        context.chain = "files";
        context.ingested_at = kIngestedAt;
        context.staging_directory = fmt::format("staging{}", runs_++);
        EXPECT_TRUE(files_->make_directories(context.staging_directory));
        auto writer = BatchWriter::make(*files_, context);
        EXPECT_TRUE(writer);
        for (std::size_t at = 0; at < text.size();) {
            std::size_t end = std::min(text.size(), at + block_bytes);
            if (end < text.size()) end = std::min(text.size(), text.find('\n', end) + 1);
            if (end == 0) end = text.size();
            std::string block = text.substr(at, end - at) + std::string(kLinePadding, '"');
            auto consumed =
                writer.value()->consume({7, at, std::string_view(block).substr(0, end - at)});
            EXPECT_TRUE(consumed) << consumed.error().message;
            at = end;
        }
        auto finished = writer.value()->finish();
        EXPECT_TRUE(finished) << finished.error().message;
        for (const auto& [topic, counters] : finished.value().counters) {
            EXPECT_EQ(counters.consumed, counters.written + counters.quarantined) << topic;
        }
        return std::move(finished).value();
    }

    // `read_parquet` over the staged files of a topic.
    std::string files_of(const BatchResult& result, std::string_view topic,
                         lake::OutputKind kind = lake::OutputKind::bronze) {
        std::vector<std::string> paths;
        for (const auto& output : result.outputs) {
            if (output.topic == topic && output.kind == kind) {
                paths.push_back("'" + files_->absolute(output.staged) + "'");
            }
        }
        return fmt::format("read_parquet([{}])", fmt::join(paths, ", "));
    }

    // The one value of a query, as text.
    std::string ask(const std::string& sql) {
        auto database = duck::Database::open({.temp_directory = directory_ / "temp"});
        EXPECT_TRUE(database) << database.error().message;
        auto connection = database.value().connect();
        EXPECT_TRUE(connection) << connection.error().message;
        auto rows = connection.value().query("select cast((" + sql + ") as varchar)");
        if (!rows) return rows.error().message;
        EXPECT_TRUE(rows.value().next());
        return rows.value().is_null(0) ? "null" : std::string(rows.value().text(0));
    }

    std::filesystem::path directory_;
    std::unique_ptr<storage::FileSystem> files_;
    int runs_ = 0;
};

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

std::string listen(std::int64_t ts, int session, const std::string& song) {
    return fmt::format(
        R"({{"artist":"A","song":"{}","duration":200.5,"ts":{},"sessionId":{},"auth":"Logged In","level":"free","itemInSession":1,"city":"B","zip":"02151","state":"MA","userAgent":"M","lon":-71.0,"lat":42.4,"userId":7,"lastName":"K","firstName":"F","gender":"F","registration":1740787200000}})"
        "\n",
        song, ts, session);
}

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

// A log that keeps many hours open, with a song of its own in every line, or one of so many.
std::string scattered_log(int lines, int songs = INT_MAX) {
    std::mt19937_64 random(11);
    std::string text;
    for (int i = 0; i < lines; ++i) {
        const auto ts = 1741132800000 + static_cast<std::int64_t>(random() % 120) * 3'600'000 + i;
        const int song = i % songs;
        text += listen(
            ts, i, fmt::format("{} {} of many", song % 3 == 0 ? "Bj\u00c3\u00b6rk" : "Song", song));
    }
    return text;
}

TEST_F(BatchWriterTest, LittleMemoryChangesNothingButTheWay) {
    // Songs that hardly repeat, and songs that do: their codes change when hours come back.
    for (const auto& [lines, songs, memory_mib] :
         {std::array{8'000, INT_MAX, 1}, std::array{40'000, 500, 8}}) {
        const auto text = scattered_log(lines, songs);
        BatchContext scarce;
        scarce.memory_bytes = static_cast<std::size_t>(memory_mib) << 20;
        const auto wanted = write(text);
        const auto result = write(text, scarce);
        EXPECT_EQ(result.outputs.size(), 120u);
        EXPECT_EQ(ask("select count(*) from (from " + files_of(wanted, "listen_events") +
                      " except all from " + files_of(result, "listen_events") + ")"),
                  "0");
        EXPECT_EQ(ask("select count(*) from " + files_of(result, "listen_events")),
                  std::to_string(lines));
    }
}

TEST_F(BatchWriterTest, AnHourLargerThanMemoryBecomesSeveralRowGroupsOfOneFile) {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += listen(1741132800000 + i, i, std::to_string(i));
    BatchContext scarce;
    scarce.memory_bytes = 8 << 20;
    const auto result = write(text, scarce);
    ASSERT_EQ(result.outputs.size(), 1u);
    EXPECT_EQ(ask("select (count(*), count(distinct song), sum(sessionId)) from " +
                  files_of(result, "listen_events")),
              "(40000, 40000, 799980000)");
    EXPECT_EQ(ask("select max(row_group_id) > 1 from parquet_metadata('" +
                  files_->absolute(result.outputs[0].staged) + "')"),
              "true");
}

TEST_F(BatchWriterTest, AnHourThatSeemsOverIsWrittenAndTakesALateRowAllTheSame) {
    constexpr int kHours = 12;
    constexpr int kHourRows = 6'000;
    std::string text;
    for (int i = 0; i < kHours * kHourRows; ++i) {
        text += listen(1741132800000 + std::int64_t{i / kHourRows} * 3'600'000 + i % kHourRows, i,
                       "a song");
    }
    text += listen(1741132800000 + 3'599'999, kHours * kHourRows, "late");
    BatchContext scarce;
    scarce.memory_bytes = 8 << 20;
    const auto result = write(text, scarce);
    ASSERT_EQ(result.outputs.size(), kHours + 0u);
    EXPECT_EQ(ask("select (count(*), count(distinct sessionId), sum(sessionId)) from " +
                  files_of(result, "listen_events")),
              "(72001, 72001, 2592036000)");
    const auto& first = result.outputs[0];
    EXPECT_EQ(first.rows, kHourRows + 1u);
    EXPECT_EQ(first.max_event_ms, 1741132800000 + 3'599'999);
    EXPECT_EQ(ask("select min(row_group_num_rows) from parquet_metadata('" +
                  files_->absolute(first.staged) + "')"),
              "1");  // the late one's
}

TEST_F(BatchWriterTest, AnHourThatIsOverGivesItsMemoryToTheNextAndMayGoOn) {
    constexpr int kHourRows = 40'000;
    // All hours of a log, or those of one of several workers.
    for (const std::array<int, 5>& hours : {std::array{0, 1, 2, 3, 4}, {0, 1, 6, 7, 12}}) {
        std::string text;
        std::uint64_t letters = 0;
        for (int i = 0; i < 5 * kHourRows; ++i) {
            const int turn = i / kHourRows;
            const auto song =
                fmt::format("{} {}", std::string(static_cast<std::size_t>(i % 13 * turn), 's'), i);
            letters += song.size();
            text += listen(1741132800000 + std::int64_t{hours[turn]} * 3'600'000 + i % kHourRows, i,
                           song);
        }
        text += listen(1741132800000 + 3'599'999, 5 * kHourRows, "late");
        const auto result = write(text);
        ASSERT_EQ(result.outputs.size(), 5U);
        EXPECT_EQ(ask("select (count(*), count(distinct sessionId), count(distinct song), "
                      "sum(length(song))) from " +
                      files_of(result, "listen_events")),
                  fmt::format("(200001, 200001, 200001, {})", letters + 4));
        const auto groups = [&](std::size_t hour) {
            return ask(
                "select string_agg(distinct row_group_num_rows, ' ' order by "
                "row_group_num_rows) from parquet_metadata('" +
                files_->absolute(result.outputs[hour].staged) + "')");
        };
        EXPECT_EQ(groups(0), "1 40000");  // its buffer went to the hour after the next
        EXPECT_EQ(groups(1), "40000");
        EXPECT_EQ(groups(4), "40000");
    }
}

TEST_F(BatchWriterTest, TextsThatHardlyRepeatAreWholeToo) {
    std::string text;
    for (int i = 0; i < 60'000; ++i) {
        const std::int64_t hour =
            i < 40'000 ? 0 : i % 50;  // by then the column is known not to repeat
        text += listen(1741132800000 + hour * 3'600'000, i,
                       i % 7 == 0 ? fmt::format(" S\\\"\\u0041 {}", i)
                                  : fmt::format("Bj\u00c3\u00b6rk {}", i));
    }
    const std::string wanted =
        "case when sessionId % 7 = 0 then 'S\"A ' else 'Bj\u00f6rk ' end || sessionId";
    for (const std::size_t memory : {256u << 20, 8u << 20}) {
        BatchContext context;
        context.memory_bytes = memory;
        const auto result = write(text, context);
        EXPECT_EQ(ask("select (count(*), count(distinct sessionId), count(distinct song), "
                      "count(*) filter (song_utf8 = " +
                      wanted + ")) from " + files_of(result, "listen_events")),
                  "(60000, 60000, 60000, 60000)");
        EXPECT_EQ(result.outputs.size(), 50u);
        EXPECT_EQ(
            ask("select bool_or(encodings like '%DICTIONARY%') from parquet_metadata('" +
                files_->absolute(result.outputs[9].staged) + "') where path_in_schema = 'song'"),
            "false")
            << memory;
    }
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

TEST_F(BatchWriterTest, TextsOfABatchThatSpilledDoNotMakeTheNextOnesSeemRare) {
    BatchContext scarce;
    scarce.memory_bytes = 8 << 20;
    scarce.interners = std::make_shared<Interners>();
    write(scattered_log(40'000, 10'000), scarce);
    std::string text;
    for (int i = 0; i < 40'000; ++i) {
        text += listen(1741132800000, i, fmt::format("Another {}", i % 10'000));
    }
    const auto result = write(text, scarce);
    EXPECT_EQ(ask("select bool_and(encodings like '%DICTIONARY%') from parquet_metadata('" +
                  files_->absolute(result.outputs[0].staged) + "') where path_in_schema = 'song'"),
              "true");
}

}  // namespace
}  // namespace bassline::ingest
