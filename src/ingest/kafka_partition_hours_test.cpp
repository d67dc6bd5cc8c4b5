// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/test_kafka_partition.hpp"

// Hours that close, and events that come late for them.
namespace bassline::ingest {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(KafkaPartitionTest, late_events_go_to_quarantine_if_that_is_asked_for) {
    limits_.late_after = std::chrono::milliseconds(4'000);
    auto partition = claim();
    deliver(partition, 0, {status_change(0), status_change(2'000)});
    const lake::Entry entry = commit(partition);
    EXPECT_EQ(entry.counters.at("status_change_events").by_reason.at("late"), 1u);
    expect_lake(1, 1);
}

TEST_F(KafkaPartitionTest, late_events_go_beside_bronze_if_that_is_asked_for) {
    limits_.late_after = std::chrono::milliseconds(4'000);
    limits_.late_beside = true;
    auto partition = claim();
    deliver(partition, 0, {status_change(0), status_change(2'000), status_change(1), "no JSON"});
    const lake::Entry entry = commit(partition);
    const auto& counters = entry.counters.at("status_change_events");
    EXPECT_EQ(counters.consumed, 4u);
    EXPECT_EQ(counters.written, 3u);
    EXPECT_EQ(counters.late, 2u);
    EXPECT_EQ(counters.by_reason, (std::map<std::string, std::uint64_t>{{"bad_json", 1}}));
    ASSERT_EQ(entry.outputs.size(), 3u);
    EXPECT_THAT(entry.outputs[2].final,
                testing::StartsWith("_late/status_change_events/date=2025-03-05/hour=00/"));
    EXPECT_EQ(ask(lake::OutputKind::late, "list(source_offset order by source_offset)"), "[0, 2]");
    EXPECT_EQ(ask(lake::OutputKind::bronze, "count(*)"), "1");
    expect_lake(3, 1);
    EXPECT_EQ(verified().rows_late, 2u);
}

TEST_F(KafkaPartitionTest, late_events_beside_bronze_touch_no_date_of_it) {
    limits_.late_after = std::chrono::milliseconds(0);
    limits_.late_beside = true;
    auto partition = claim();
    deliver_events(partition, 0, 3);
    EXPECT_THAT(commit(partition).dates_touched, IsEmpty());
    expect_lake(3);
}

TEST_F(KafkaPartitionTest, verify_finds_late_events_that_were_removed_and_files_that_nobody_named) {
    limits_.late_after = std::chrono::milliseconds(0);
    limits_.late_beside = true;
    auto partition = claim();
    deliver_events(partition, 0, 3);
    const std::string file = commit(partition).outputs.front().final;
    std::filesystem::rename(files_->absolute(file), files_->absolute(file + "-moved.parquet"));
    const VerifyReport report = verified();
    ASSERT_EQ(report.findings.size(), 2u);
    EXPECT_THAT(report.findings[0], HasSubstr("which is missing"));
    EXPECT_THAT(report.findings[1], HasSubstr("-moved.parquet is named by no entry"));
}

TEST_F(KafkaPartitionTest, a_batch_is_closed_when_events_have_passed_one_of_its_hours) {
    auto partition = claim();
    const auto due = [&](int seconds) {
        return partition.due(steady_clock::now() + std::chrono::seconds(seconds));
    };
    deliver_at(partition, {kEventMs, kEventMs + kHour + 4 * kMinute});
    EXPECT_FALSE(due(20)) << "within the grace";
    deliver_at(partition, {kEventMs + kHour + 5 * kMinute});
    EXPECT_FALSE(due(0)) << "a batch that has just begun";
    EXPECT_EQ(due(20), Rotation::hour_closed);
    EXPECT_LT(partition.deadline(), steady_clock::now() + std::chrono::seconds(20))
        << "needs no other record";
    EXPECT_EQ(due(61), Rotation::time);
    const lake::Entry entry = commit(partition);
    EXPECT_EQ(entry.outputs.size(), 2u) << "what it holds of the next hour too";
    EXPECT_EQ(entry.reached_ms, kEventMs + kHour + 5 * kMinute);
}

TEST_F(KafkaPartitionTest, late_and_disordered_events_close_no_batch) {
    auto partition = claim();
    const auto due = [&] { return partition.due(steady_clock::now() + std::chrono::seconds(20)); };
    deliver_at(partition, {kEventMs + 3 * kHour});
    commit(partition);
    deliver_at(partition, {kEventMs, kEventMs + 3 * kHour + 1, kEventMs + kHour, kEventMs + 7});
    EXPECT_FALSE(due()) << "these hours were closed before";
    deliver_at(partition, {kEventMs + 4 * kHour + 5 * kMinute, kEventMs});
    EXPECT_EQ(due(), Rotation::hour_closed);
    commit(partition);
    deliver_at(partition, {kEventMs + kHour, kEventMs + 3 * kHour});
    EXPECT_FALSE(due());
    const lake::Entry late = commit(partition);
    EXPECT_EQ(late.reached_ms, kEventMs + 4 * kHour + 5 * kMinute) << "never falls";
    auto successor = claim();
    deliver_at(successor, {kEventMs + 3 * kHour});
    EXPECT_FALSE(successor.due(steady_clock::now() + std::chrono::seconds(20)))
        << "a restart knows which hours were closed";
}

TEST_F(KafkaPartitionTest, a_clock_ahead_of_its_records_closes_no_hour) {
    limits_.hour_grace = {};
    auto partition = claim();
    deliver_at(partition, {kNowMs - kMinute, kNowMs + 20 * kHour});
    EXPECT_FALSE(partition.due(steady_clock::now() + std::chrono::seconds(20)));
    EXPECT_EQ(commit(partition).reached_ms, kNowMs);
}

TEST_F(KafkaPartitionTest, without_grace_an_hour_closes_at_its_end) {
    limits_.hour_grace = {};
    auto partition = claim();
    const std::int64_t end = kEventMs / kHour * kHour + kHour;
    deliver_at(partition, {kEventMs, end - 1});
    EXPECT_FALSE(partition.due(steady_clock::now() + std::chrono::seconds(20)));
    deliver_at(partition, {end});
    EXPECT_EQ(partition.due(steady_clock::now() + std::chrono::seconds(20)), Rotation::hour_closed);
}

}  // namespace
}  // namespace bassline::ingest
