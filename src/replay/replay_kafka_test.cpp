// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_committer.hpp"
#include "kafka/framing.hpp"
#include "kafka/test_registry.hpp"
#include "lake/names.hpp"
#include "replay/test_replay_lake.hpp"

namespace bassline::replay {
namespace {

using event::Reason;
using testing::ElementsAre;
using testing::Pair;

// Records of Kafka, as a batch of ingest leaves them.
class KafkaReplayTest : public ReplayTest {
protected:
    static constexpr std::int64_t kSecondMs = 1000;

    void ingest_records(const std::vector<std::string>& values,
                        std::optional<std::chrono::milliseconds> late_after = std::nullopt) {
        const auto files = open();
        const LaterClock clock;
        ingest::KafkaCommitter committer(*files, clock, {"cluster", "page_view_events", "id", 3});
        const bool is_there = committer.load().value();
        if (!is_there) {
            ASSERT_TRUE(committer.begin_chain(100));
        }
        auto context = committer.begin().value();
        context.late_after = late_after;
        auto writer = ingest::BatchWriter::make(*files, context).value();
        std::uint64_t offset = committer.next();
        for (const std::string& value : values) {
            const std::string padded = value + std::string(ingest::kLinePadding, '\0');
            const ingest::KafkaRecord record{
                .offset = offset++,
                .timestamp_ms = kNowMs - kSecondMs,
                .value = std::string_view(padded).substr(0, value.size())};
            ASSERT_TRUE(writer->consume(ingest::RecordBlock{3, {&record, 1}}));
        }
        ASSERT_TRUE(committer.commit(writer->finish().value(), offset));
    }
    static std::string framed(int id, std::string_view payload) {
        std::string value;
        kafka::put_frame(value, id);
        return value += payload;
    }
};

TEST_F(KafkaReplayTest, a_record_keeps_its_partition_offset_and_time) {
    ingest_records({home(kNowMs), home(kTomorrowMs)});
    EXPECT_EQ(run().replayed, 1u);
    EXPECT_EQ(rows(), std::pair(2ul, 0ul));
    EXPECT_THAT(texts("select concat_ws('/', source, source_partition, source_offset, "
                      "epoch_ms(source_timestamp), chain, seq) from " +
                      all_rows(lake(), lake::OutputKind::bronze) + " order by source_offset"),
                ElementsAre("kafka/3/100/1741199999000/kafka-page_view_events-3/1",
                            "kafka/3/101/1741199999000/kafka-page_view_events-3/1"));
}

TEST_F(KafkaReplayTest, late_records_and_tombstones_stay_unless_late_ones_are_asked_for) {
    ingest_records({home(kNowMs - 5 * kHourMs), ""}, std::chrono::hours(1));
    const ReplaySummary summary = run();
    EXPECT_EQ(summary.not_asked, 1u);
    EXPECT_THAT(summary.refused, ElementsAre(Pair("no_value", 1)));
    EXPECT_EQ(run({.reasons = {Reason::late}}).replayed, 1u);
    EXPECT_EQ(rows(), std::pair(1ul, 1ul));
}

TEST_F(KafkaReplayTest, an_id_that_the_registry_has_learnt_since_is_read) {
    ingest_records({framed(5, home(kNowMs)), framed(6, next_song(kNowMs)), framed(7, "?")});
    EXPECT_THAT(run().refused, ElementsAre(Pair("unknown_schema", 3)));
    kafka::TestRegistry registry;
    registry.put(5, R"({"type":"object"})", "JSON");
    registry.put(6, R"({"type":"object"})", "JSON");
    const ReplayOptions options{.registry = kafka::RegistryOptions{.urls = {registry.url()}}};
    const ReplaySummary summary = run(options);
    EXPECT_EQ(summary.replayed, 2u);
    EXPECT_EQ(summary.written, (std::map<std::string, std::uint64_t>{{"listen_events", 1},
                                                                     {"page_view_events", 2}}));
    EXPECT_THAT(summary.refused, ElementsAre(Pair("unknown_schema", 1)));
    EXPECT_EQ(rows(), std::pair(3ul, 1ul));  // one line became two rows
    EXPECT_EQ(lake::read_entry(*open(), lake::kCompactChain, 1).value().entry.rows_split, 1u);
    EXPECT_THAT(texts("select cast(schema_id as varchar) from " +
                      all_rows(lake(), lake::OutputKind::bronze) + " order by 1"),
                ElementsAre("5", "6", "6"));
}

TEST_F(KafkaReplayTest, while_the_registry_is_down_nothing_happens) {
    ingest_records({framed(5, home(kNowMs))});
    kafka::TestRegistry registry;
    registry.fail_next(1000, 503);
    const auto refused =
        try_replay({.registry = kafka::RegistryOptions{.urls = {registry.url()},
                                                       .backoff = std::chrono::milliseconds(1)}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(rows(), std::pair(0ul, 1ul));
}

}  // namespace
}  // namespace bassline::replay
