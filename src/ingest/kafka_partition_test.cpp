// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_partition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/failpoints.hpp"
#include "ingest/test_kafka_partition.hpp"
#include "lake/failpoints.hpp"
#include "lake/names.hpp"

// How batches of a partition follow one another, whoever writes them.
namespace bassline::ingest {
namespace {

using testing::HasSubstr;

TEST_F(KafkaPartitionTest, rows_carry_where_they_came_from) {
    auto partition = claim();
    deliver_events(partition, 0, 3);
    const lake::Entry entry = commit(partition);
    EXPECT_EQ(entry.kafka_ranges,
              (std::vector<lake::KafkaRange>{{"status_change_events", 3, 0, 3, ""}}));
    using enum lake::OutputKind;
    EXPECT_EQ(ask(bronze, "list((source, source_partition, source_offset) order by ts)"),
              "[(kafka, 3, 0), (kafka, 3, 1), (kafka, 3, 2)]");
    EXPECT_EQ(ask(bronze, "min(epoch_ms(source_timestamp))"), std::to_string(kRecordMs));
    EXPECT_EQ(ask(bronze, "list(distinct (chain, seq, schema_id))"),
              "[(kafka-status_change_events-3, 1, NULL)]");
    expect_lake(3);
}

TEST_F(KafkaPartitionTest, what_is_no_event_goes_to_quarantine_under_its_kafka_topic) {
    auto partition = claim();
    deliver(partition, 0, {std::nullopt, "", " \n", "{\"ts\":1,", status_change(1)});
    const lake::Entry entry = commit(partition);
    const auto& counters = entry.counters.at("status_change_events");
    EXPECT_EQ(counters.consumed, 5u);
    EXPECT_EQ(counters.by_reason,
              (std::map<std::string, std::uint64_t>{{"bad_json", 1}, {"no_value", 3}}));
    EXPECT_EQ(entry.counters.size(), 1u);
    EXPECT_EQ(ask(lake::OutputKind::quarantine, "min(detail) filter (source_offset = 0)"),
              "a tombstone (null value)");
    EXPECT_EQ(ask(lake::OutputKind::quarantine, "min(epoch_ms(source_timestamp))"),
              std::to_string(kRecordMs));
    expect_lake(1, 4);
}

TEST_F(KafkaPartitionTest, what_a_topic_of_another_name_cannot_read_counts_as_a_page_view) {
    source_.topic = "events";
    auto partition = claim();
    deliver(partition, 0, {"nonsense", status_change(1)});
    const lake::Entry entry = commit(partition);
    EXPECT_EQ(entry.counters.at("page_view_events").quarantined, 1u);
    EXPECT_EQ(entry.counters.at("status_change_events").written, 1u) << "content decides";
}

TEST_F(KafkaPartitionTest, newlines_inside_a_value_make_no_second_record) {
    auto partition = claim();
    std::string pretty = status_change(1);
    for (std::size_t at = 0; (at = pretty.find(',', at)) != pretty.npos; ++at) {
        pretty.insert(at + 1, "\n  ");
    }
    deliver(partition, 0, {pretty + "\n", status_change(2) + "\n" + status_change(3)});
    const lake::Entry entry = commit(partition);
    EXPECT_EQ(entry.counters.at("status_change_events").written, 1u);
    EXPECT_EQ(entry.counters.at("status_change_events").quarantined, 1u);
}

TEST_F(KafkaPartitionTest, what_is_delivered_again_is_dropped) {
    auto partition = claim();
    deliver_events(partition, 0, 10);
    deliver_events(partition, 5, 12);
    EXPECT_EQ(partition.duplicates_dropped(), 5u);
    commit(partition);
    deliver_events(partition, 0, 12);
    EXPECT_EQ(partition.duplicates_dropped(), 17u);
    EXPECT_FALSE(partition.commit().value());
    expect_lake(12);
}

TEST_F(KafkaPartitionTest, offsets_may_jump_forward) {
    auto partition = claim();
    deliver_events(partition, 0, 3);
    deliver_events(partition, 40, 42);
    partition.reached(50, steady_clock::now());
    EXPECT_EQ(commit(partition).kafka_ranges.front().end, 50u);
    expect_lake(5);
}

TEST_F(KafkaPartitionTest, offsets_without_a_record_are_committed_once_an_interval) {
    auto partition = claim();
    const auto began = steady_clock::now();
    const auto interval = limits_.commit_interval;
    partition.reached(0, began);
    EXPECT_EQ(partition.deadline(), KafkaPartition::Time::max()) << "nothing was passed";
    partition.reached(2, began);
    partition.reached(5, began + interval / 2);
    partition.reached(4, began + interval / 2);
    EXPECT_EQ(partition.deadline(), began + interval) << "more of them do not put it off";
    EXPECT_FALSE(partition.due(began + interval / 2));
    EXPECT_EQ(partition.due(began + interval), Rotation::time);
    const lake::Entry entry = commit(partition);
    EXPECT_EQ(entry.kafka_ranges.front().end, 5u);
    EXPECT_TRUE(entry.outputs.empty());
    EXPECT_FALSE(partition.due(KafkaPartition::Time::max()));
    partition.reached(6, began);
    deliver_events(partition, 6, 8);
    EXPECT_FALSE(partition.due(began + interval / 2)) << "with the batch that is open";
    partition.reached(9, began);
    EXPECT_EQ(commit(partition).kafka_ranges.front().end, 9u);
    EXPECT_EQ(claim().next(), 9u);
    expect_lake(2);
}

TEST_F(KafkaPartitionTest, of_two_writers_one_wins_and_the_other_goes_on_behind_it) {
    auto mine = claim();
    auto theirs = claim();
    deliver_events(mine, 0, 8);
    deliver_events(theirs, 0, 5);
    commit(theirs);
    const auto lost = mine.commit();
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::conflict);
    EXPECT_EQ(mine.reload().value(), 5u);
    deliver_events(mine, 0, 9);
    EXPECT_EQ(commit(mine).kafka_ranges.front().start, 5u);
    EXPECT_TRUE(files_->list(lake::chain_staging_directory("kafka-status_change_events-3"))
                    .value()
                    .empty());
    expect_lake(9);
}

TEST_F(KafkaPartitionTest, a_batch_that_was_taken_for_dead_is_read_again) {
    auto partition = claim();
    deliver_events(partition, 0, 4);
    const std::string chain = lake::kafka_chain(source_.topic, source_.partition);
    constexpr Timestamp kEndOfTime{std::chrono::seconds(9'000'000'000)};
    ASSERT_TRUE(lake::remove_dead_staging(*files_, chain, kEndOfTime));
    const auto refused = partition.commit();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_EQ(partition.reload().value(), 0u);
    deliver_events(partition, 0, 4);
    commit(partition);
    expect_lake(4);
}

TEST_F(KafkaPartitionTest, a_stop_at_any_place_loses_and_doubles_nothing) {
    std::vector<std::string> places(lake::kChainFailpoints.begin(), lake::kChainFailpoints.end());
    places.insert(places.end(), kKafkaFailpoints.begin(), kKafkaFailpoints.end());
    limits_.late_after = std::chrono::milliseconds(4'900);  // the first hundred go beside bronze
    limits_.late_beside = true;
    std::uint64_t end = 0;
    for (const std::string& place : places) {
        arm(place);
        if (auto partition = try_claim(source_)) {
            deliver_events(partition.value(), partition.value().next(), end + 10);
            (void)partition.value().commit();
            partition.value().discard();  // as a run does that goes on with its other partitions
        }
        failpoints_armed = false;
        auto successor = claim();
        deliver_events(successor, successor.next(), end + 15);
        commit(successor);
        end += 15;
        SCOPED_TRACE(place);
        expect_lake(end);
    }
}

TEST_F(KafkaPartitionTest, limits_close_a_batch_and_name_their_reason) {
    limits_.batch_rows = 4;
    auto partition = claim();
    EXPECT_FALSE(partition.due(KafkaPartition::Time::max())) << "nothing is open";
    deliver_events(partition, 0, 3);
    EXPECT_FALSE(partition.due(steady_clock::now()));
    EXPECT_EQ(partition.due(steady_clock::now() + std::chrono::hours(1)), Rotation::time);
    deliver_events(partition, 3, 4);
    EXPECT_EQ(partition.due(steady_clock::now()), Rotation::rows);
    limits_.batch_bytes = 100;
    EXPECT_EQ(partition.due(steady_clock::now()), Rotation::bytes);
}

TEST_F(KafkaPartitionTest, another_cluster_and_a_topic_made_again_stop) {
    auto partition = claim();
    deliver_events(partition, 0, 3);
    commit(partition);
    const auto elsewhere = try_claim({"other", source_.topic, source_.topic_id, 3});
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(elsewhere.error().message,
                HasSubstr("another cluster: status_change_events p=3 was read up to 3"));
    const auto again = try_claim({source_.cluster_id, source_.topic, "new-id", 3});
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message,
                HasSubstr("topic re-created: status_change_events p=3 was read up to 3"));
}

TEST_F(KafkaPartitionTest, a_hole_between_ranges_is_found_by_verify) {
    auto partition = claim();
    deliver_events(partition, 0, 3);
    const lake::Entry entry = commit(partition);
    lake::Entry torn = entry;
    torn.seq = 2;
    torn.prev_sha256 = lake::read_entry(*files_, entry.chain, 1).value().sha256;
    torn.writer = "torn";
    torn.outputs.clear();
    torn.counters.clear();
    torn.kafka_ranges.front() = {source_.topic, 3, 7, 9, ""};
    ASSERT_TRUE(lake::commit(*files_, torn));
    const VerifyReport report = verified();
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_THAT(report.findings[0], HasSubstr("p=3 from 7 to 9, but its predecessor ended at 3"));
    EXPECT_EQ(report.partitions[0].missing, 4u);
}

}  // namespace
}  // namespace bassline::ingest
