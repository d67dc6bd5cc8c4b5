// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_partition.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "duck/database.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/verify.hpp"
#include "lake/failpoints.hpp"
#include "lake/lake.hpp"
#include "lake/live_files.hpp"
#include "lake/names.hpp"

// One partition's way into the lake, without a broker.
namespace bassline::ingest {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kEventMs = 1'741'132'800'000;
constexpr std::int64_t kRecordMs = kEventMs + 5'000;
constexpr std::int64_t kNowMs = 1'741'200'000'000;
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;

class EveningClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'741'200'000)); }
};

std::string status_change(int item) {
    return fmt::format(R"({{"ts":{},"sessionId":{},"itemInSession":{},"level":"paid"}})",
                       kEventMs + item, item / 10, item % 10);
}

class KafkaPartitionTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-partition");
        files_ = lake::open_lake(root_ + "/lake").value();
        limits_.memory_bytes = 16u << 20;
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    Result<KafkaPartition> try_claim(const KafkaSource& source) {
        KafkaCommitter committer(*files_, clock_, source);
        TRY_ASSIGN(const bool exists, committer.load());
        if (!exists) TRY(committer.begin_chain(0));
        return KafkaPartition(*files_, std::move(committer), limits_);
    }
    KafkaPartition claim() {
        auto claimed = try_claim(source_);
        EXPECT_TRUE(claimed) << (claimed ? "" : claimed.error().message);
        return std::move(claimed).value();
    }
    // Records as a broker delivers them; none: a tombstone.
    static void deliver(KafkaPartition& partition, std::uint64_t first,
                        const std::vector<std::optional<std::string>>& values) {
        std::vector<std::string> padded;
        for (const auto& value : values) {
            padded.push_back(value.value_or("") + std::string(kLinePadding, '"'));
        }
        std::vector<KafkaRecord> records;
        for (std::size_t at = 0; at < values.size(); ++at) {
            KafkaRecord& record =
                records.emplace_back(KafkaRecord{.offset = first + at, .timestamp_ms = kRecordMs});
            if (values[at]) {
                record.value = std::string_view(padded[at]).substr(0, values[at]->size());
            }
        }
        const auto consumed = partition.consume({3, records}, steady_clock::now());
        EXPECT_TRUE(consumed) << consumed.error().message;
    }
    // A record of that time each, which its own record time follows by 5 s.
    static void deliver_at(KafkaPartition& partition, const std::vector<std::int64_t>& times) {
        std::vector<std::string> padded;
        std::vector<KafkaRecord> records;
        for (const std::int64_t ts : times) {
            padded.push_back(
                fmt::format(R"({{"ts":{},"sessionId":1,"itemInSession":1,"level":"paid"}})", ts) +
                std::string(kLinePadding, '"'));
        }
        for (std::size_t at = 0; at < times.size(); ++at) {
            records.push_back(
                {.offset = partition.next() + at,
                 .timestamp_ms = std::min(times[at] + 5'000, kNowMs),
                 .value =
                     std::string_view(padded[at]).substr(0, padded[at].size() - kLinePadding)});
        }
        const auto consumed = partition.consume({3, records}, steady_clock::now());
        EXPECT_TRUE(consumed) << consumed.error().message;
    }
    static void deliver_events(KafkaPartition& partition, std::uint64_t first, std::uint64_t end) {
        std::vector<std::optional<std::string>> values;
        for (std::uint64_t at = first; at < end; ++at) {
            values.emplace_back(status_change(static_cast<int>(at)));
        }
        deliver(partition, first, values);
    }
    static lake::Entry commit(KafkaPartition& partition) {
        auto entry = partition.commit();
        EXPECT_TRUE(entry && entry.value()) << (entry ? "" : entry.error().message);
        return entry && entry.value() ? *entry.value() : lake::Entry{};
    }
    static void arm(std::string_view name) {
        ::setenv("BASSLINE_FAILPOINTS", fmt::format("{}=eio", name).c_str(), 1);
        EXPECT_TRUE(arm_failpoints_from_environment());
    }
    VerifyReport verified() const {
        return verify(*files_, {.full = true, .scratch = root_}).value();
    }
    void expect_lake(std::uint64_t rows, std::uint64_t quarantined = 0) const {
        const VerifyReport report = verified();
        EXPECT_THAT(report.findings, IsEmpty());
        std::uint64_t bronze = 0;
        std::uint64_t bad = 0;
        for (const auto& partition : report.partitions) {
            bronze += partition.rows;
            bad += partition.quarantined;
        }
        EXPECT_EQ(bronze, rows);
        EXPECT_EQ(bad, quarantined);
    }
    // The one value of a query over the live files of a kind.
    std::string ask(lake::OutputKind kind, const std::string& expression) {
        std::string paths;
        const lake::LakeLog log = lake::load_log(*files_).value();
        for (const auto& [name, file] : log.live.files) {
            if (file.output.kind != kind) continue;
            paths += (paths.empty() ? "'" : ", '") + files_->absolute(name) + "'";
        }
        auto database = duck::Database::open({.temp_directory = root_ + "/temp"});
        auto connection = database.value().connect();
        auto rows = connection.value().query(
            fmt::format("select cast(({}) as varchar) from read_parquet([{}])", expression, paths));
        if (!rows) return rows.error().message;
        return rows.value().next() && !rows.value().is_null(0) ? std::string(rows.value().text(0))
                                                               : "null";
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    EveningClock clock_;
    KafkaSource source_{"cluster", "status_change_events", "topic-id", 3};
    PartitionLimits limits_;
};

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
    partition.reached(50);
    EXPECT_EQ(commit(partition).kafka_ranges.front().end, 50u);
    expect_lake(5);
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
    EXPECT_FALSE(
        files_->list(lake::chain_staging_directory("kafka-status_change_events-3")).value().size());
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
