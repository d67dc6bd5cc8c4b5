// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <climits>
#include <random>

#include "ingest/row_buffer.hpp"
#include "ingest/test_batch_writer.hpp"

// Where the rows of open hours are while memory is short, or another hour needs it.
namespace bassline::ingest {
namespace {

class BatchWriterMemoryTest : public BatchWriterTest {};

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

TEST_F(BatchWriterMemoryTest, LittleMemoryChangesNothingButTheWay) {
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

TEST_F(BatchWriterMemoryTest, AnHourLargerThanMemoryBecomesSeveralRowGroupsOfOneFile) {
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

TEST_F(BatchWriterMemoryTest, AnHourThatSeemsOverIsWrittenAndTakesALateRowAllTheSame) {
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

TEST_F(BatchWriterMemoryTest, AnHourThatIsOverGivesItsMemoryToTheNextAndMayGoOn) {
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
        // The first one's buffer went to the hour after the next.
        EXPECT_EQ(row_groups_of(result.outputs[0]), "1 40000");
        EXPECT_EQ(row_groups_of(result.outputs[1]), "40000");
        EXPECT_EQ(row_groups_of(result.outputs[4]), "40000");
    }
}

TEST_F(BatchWriterMemoryTest, AnHourLeftBehindByAJumpGivesItsMemoryAtOnceAndMayGoOn) {
    constexpr int kHourRows = 15'000;  // too few to tell that an hour is over
    int rows = 0;
    const auto hour = [&](int number, int count) {
        std::string text;
        for (int i = 0; i < count; ++i, ++rows) {
            text += listen(1741132800000 + std::int64_t{number} * 3'600'000 + i, rows,
                           fmt::format("song {}", rows));
        }
        return text;
    };
    const auto first = hour(0, kHourRows) + hour(1, kHourRows);
    const auto second = hour(6, kHourRows) + hour(0, 1) + hour(1, 1);
    std::array<std::size_t, 2> most_memory{};
    for (const bool is_jump : {true, false}) {
        const auto result = is_jump ? write_pieces({first, second}) : write(first + second);
        ASSERT_EQ(result.outputs.size(), 3U);
        EXPECT_EQ(ask("select (count(*), count(distinct sessionId), sum(sessionId), "
                      "count(distinct song)) from " +
                      files_of(result, "listen_events")),
                  "(45002, 45002, 1012567501, 45002)");
        EXPECT_EQ(row_groups_of(result.outputs[0]), is_jump ? "1 15000" : "15001");
        // The first hour is no new one: its last row takes nobody's memory.
        EXPECT_EQ(row_groups_of(result.outputs[1]), "15001");
        EXPECT_EQ(row_groups_of(result.outputs[2]), "15000");
        most_memory[is_jump ? 0 : 1] = most_memory_;
    }
    EXPECT_LT(most_memory[0], most_memory[1] - (1 << 20));
}

TEST_F(BatchWriterMemoryTest, TextsThatHardlyRepeatAreWholeToo) {
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

TEST_F(BatchWriterMemoryTest, TextsOfABatchThatSpilledDoNotMakeTheNextOnesSeemRare) {
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
