// SPDX-License-Identifier: Apache-2.0
#include "ingest/verify_kafka.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "ingest/kafka_committer.hpp"
#include "ingest/kafka_ingest.hpp"
#include "ingest/offset_findings.hpp"
#include "ingest/read_chains.hpp"
#include "ingest/verify.hpp"
#include "kafka/mock_cluster.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"

// A lake fed from brokers inside the process, damaged, and held against them again.
namespace bassline::ingest {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kViews = "page_view_events";
constexpr std::int64_t kBeganMs = 1'741'132'800'000;

class LaterThatDay : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'741'200'000)); }
};

std::string view(int item) {
    return fmt::format(
        R"({{"ts":{},"sessionId":{},"page":"Home \u00e9","auth":"Guest","method":"GET",)"
        R"("status":200,"level":"free","itemInSession":{},"lat":{}.25,"more":[{}]}})",
        kBeganMs + item, item / 10, item % 10, item, item);
}

class VerifyKafkaTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("verify-kafka");
        files_ = lake::open_lake(root_ + "/lake").value();
        cluster_ = std::make_unique<kafka::MockCluster>();
        cluster_->create_topic(kViews, 1);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void produce(int first, int end) {
        for (int item = first; item < end; ++item) {
            cluster_->produce(kViews, 0, view(item), kBeganMs + item);
        }
    }
    void ingest() {
        KafkaIngestOptions options{.cluster = {.brokers = cluster_->brokers()}, .topics = {kViews}};
        options.partitions = {{kViews, 0}};
        options.patience = std::chrono::seconds(30);
        const auto done = ingest_kafka(*files_, options, clock_, {});
        ASSERT_TRUE(done) << done.error().message;
    }
    VerifyReport look(bool full = true) {
        auto report = verify(
            *files_, {.full = full,
                      .scratch = root_,
                      .kafka = KafkaVerifyOptions{.cluster = {.brokers = cluster_->brokers()}}});
        EXPECT_TRUE(report) << (report ? "" : report.error().message);
        return report ? std::move(report).value() : VerifyReport{};
    }
    // The one Parquet file of a layer, after `change` of its rows.
    void rewrite(const std::string& layer, const std::string& change) {
        std::string path;
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(root_ + "/lake/" + layer)) {
            if (file.path().extension() == ".parquet") path = file.path();
        }
        auto database = duck::Database::open({.temp_directory = root_ + "/duck"}).value();
        auto connection = database.connect().value();
        const auto done = connection.execute(fmt::format(
            "create table r as from read_parquet('{0}', hive_partitioning = false); {1}; "
            "copy r to '{0}' (format parquet)",
            path, change));
        ASSERT_TRUE(done) << done.error().message;
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    std::unique_ptr<kafka::MockCluster> cluster_;
    LaterThatDay clock_;
};

TEST_F(VerifyKafkaTest, records_of_every_kind_agree_and_what_is_beyond_is_lag) {
    produce(0, 30);
    cluster_->produce(kViews, 0, std::nullopt);
    cluster_->produce(kViews, 0, "  ");
    cluster_->produce(kViews, 0, "no JSON");
    cluster_->produce(kViews, 0, std::string_view("\0\0\0\0\7{}", 7));
    cluster_->produce(kViews, 0, R"({"ts":"then","page":"Home","method":"GET"})");
    cluster_->produce(kViews, 0, std::string(900'000, 'x'));
    // Two rows: a page view and a listen.
    cluster_->produce(
        kViews, 0,
        fmt::format(R"({{"ts":{},"sessionId":1,"page":"NextSong","auth":"Logged In","method":)"
                    R"("PUT","status":200,"level":"paid","itemInSession":2,"location":"Here, XX",)"
                    R"("userId":"7","artist":"Bj\u00c3\u00b6rk","song":" B","length":200.5}})",
                    kBeganMs),
        kBeganMs);
    ingest();
    produce(30, 35);
    const VerifyReport report = look();
    EXPECT_THAT(report.findings, IsEmpty());
    ASSERT_EQ(report.brokers.size(), 1u);
    const BrokerState& state = report.brokers.front();
    EXPECT_EQ(state.end, 37u);
    EXPECT_EQ(state.compared, 37u);
    EXPECT_EQ(state.lag, 5u);
    EXPECT_EQ(state.removed + state.unread + state.absent + state.unknown + state.differing, 0u);
    EXPECT_EQ(look(false).brokers.front().compared, 0u);
}

TEST_F(VerifyKafkaTest, another_cluster_is_a_finding_with_the_range) {
    produce(0, 3);
    ingest();
    cluster_ = std::make_unique<kafka::MockCluster>();
    cluster_->create_topic(kViews, 1);
    EXPECT_THAT(look().findings,
                ElementsAre(HasSubstr("another cluster: page_view_events p=0 0..3 was read from")));
}

TEST_F(VerifyKafkaTest, an_end_that_the_partition_does_not_have_is_a_finding) {
    produce(0, 3);
    ingest();
    KafkaCommitter ahead(
        *files_, clock_,
        {lake::load_kafka_tail(*files_, kViews, 0).value()->identity.cluster_id, kViews, "", 0});
    ASSERT_TRUE(ahead.load().value());
    ASSERT_TRUE(ahead.accept_gap(120, "as if the topic had been longer"));
    EXPECT_THAT(look(false).findings,
                ElementsAre(HasSubstr("page_view_events p=0 0..120 was read, but the partition "
                                      "ends at 3: 3..120 is not there")));
}

TEST_F(VerifyKafkaTest, what_retention_took_after_it_was_read_is_no_finding_and_before_is_one) {
    produce(0, 3);
    ingest();
    const std::string large(900'000, 'x');
    for (int count = 0; count < 10; ++count) cluster_->produce(kViews, 0, large);
    const VerifyReport before = look();
    ASSERT_EQ(before.brokers.size(), 1u);
    const std::uint64_t low = before.brokers.front().low;
    ASSERT_GT(low, 3u);
    EXPECT_THAT(before.findings,
                ElementsAre(HasSubstr(fmt::format("gap page_view_events p=0 3..{}", low))));
    EXPECT_EQ(before.brokers.front().removed, 3u);
    KafkaIngestOptions accepting{.cluster = {.brokers = cluster_->brokers()}, .topics = {kViews}};
    accepting.partitions = {{kViews, 0}};
    accepting.accept_gap = true;
    ASSERT_TRUE(ingest_kafka(*files_, accepting, clock_, {}));
    const VerifyReport after = look();
    EXPECT_THAT(after.findings, IsEmpty());
    EXPECT_EQ(after.brokers.front().removed, low);
    EXPECT_EQ(after.brokers.front().compared, 13 - low);
}

TEST_F(VerifyKafkaTest, a_file_that_is_gone_leaves_its_records_without_a_row) {
    produce(0, 20);
    ingest();
    std::filesystem::remove_all(root_ + "/lake/bronze/page_view_events");
    const VerifyReport report = look();
    EXPECT_THAT(report.findings,
                Contains("page_view_events p=0 0..20: no row in the lake for 20 of the brokers' "
                         "records"));
    EXPECT_EQ(report.brokers.front().absent, 20u);
}

TEST_F(VerifyKafkaTest, a_changed_value_is_found_in_its_column_and_at_its_offset) {
    produce(0, 20);
    ingest();
    rewrite("bronze",
            "update r set lat = 7 where source_offset = 5;"
            "update r set level = null where source_offset in (8, 9)");
    EXPECT_THAT(look().findings,
                testing::AllOf(Contains("page_view_events p=0 5..6: other content for 1 of the "
                                        "brokers' records (lat)"),
                               Contains("page_view_events p=0 8..10: other content for 2 of the "
                                        "brokers' records (level)")));
}

TEST_F(VerifyKafkaTest, every_column_that_the_record_decides_is_compared) {
    auto columns = compared_columns(event::Topic::page_view_events);
    std::erase(columns, event::Column::source_partition);  // by which rows are found
    produce(0, static_cast<int>(columns.size()));
    ingest();
    std::string changes;
    for (std::size_t at = 0; at < columns.size(); ++at) {
        const auto& [name, type] =
            std::pair(event::definition(columns[at]).name, event::definition(columns[at]).type);
        const std::string_view other = type == event::Type::timestamp ? "'2000-01-01'::timestamptz"
                                       : type == event::Type::text    ? "'changed'"
                                                                      : "77";
        changes +=
            fmt::format("update r set \"{}\" = {} where source_offset = {};", name, other, at);
    }
    rewrite("bronze", changes);
    EXPECT_EQ(look().brokers.front().differing, columns.size());
}

TEST_F(VerifyKafkaTest, changed_bytes_of_a_refused_record_are_found) {
    cluster_->produce(kViews, 0, "no JSON");
    ingest();
    rewrite("_quarantine", "update r set raw = 'no JSOM'::blob");
    EXPECT_THAT(look().findings, Contains(HasSubstr("0..1: other content for 1 of the brokers' "
                                                    "records (raw)")));
}

TEST_F(VerifyKafkaTest, a_row_too_many_is_found_whether_it_has_a_record_or_not) {
    produce(0, 5);
    ingest();
    rewrite("bronze", "insert into r from r where source_offset = 3");
    EXPECT_THAT(look().findings, Contains("page_view_events p=0 3..4: more than one row for 1 of "
                                          "the brokers' records"));
    EXPECT_EQ(look().brokers.front().doubled, 1u);
}

TEST_F(VerifyKafkaTest, a_record_in_a_gap_has_no_row) {
    produce(0, 5);
    ingest();
    KafkaCommitter next(
        *files_, clock_,
        {lake::load_kafka_tail(*files_, kViews, 0).value()->identity.cluster_id, kViews, "", 0});
    ASSERT_TRUE(next.load().value());
    ASSERT_TRUE(next.accept_gap(7, "as if markers of transactions stood there"));
    cluster_->produce(kViews, 0, "no JSON");
    cluster_->produce(kViews, 0, "no JSON");
    EXPECT_THAT(look().findings, IsEmpty());  // a gap that was accepted holds them
    rewrite("bronze",
            "insert into r select * replace (5 as source_offset) from r "
            "where source_offset = 4");
    EXPECT_THAT(look().findings, Contains("page_view_events p=0 5..6: more than one row for 1 of "
                                          "the brokers' records"));
}

// Today's clock and registry would not refuse what was refused then; how many there were counts.
TEST_F(VerifyKafkaTest, what_expired_in_quarantine_is_no_loss_but_no_more_than_was_refused) {
    produce(0, 8);
    ingest();
    auto database = duck::Database::open({.temp_directory = root_ + "/duck"}).value();
    auto connection = database.connect().value();
    const ReadChain chain{
        .name = "kafka-page_view_events-0",
        .identity = lake::load_kafka_tail(*files_, kViews, 0).value()->identity,
        .end = 8,
        .expired_refusals = {{.start = 0, .end = 3, .rows = 3}, {.start = 5, .end = 8, .rows = 2}}};
    std::vector<std::string> findings;
    const auto states = verify_kafka({.cluster = {.brokers = cluster_->brokers()}}, true, {chain},
                                     connection, findings, {});
    ASSERT_TRUE(states) << states.error().message;
    EXPECT_EQ(states.value().front().expired, 5u);
    EXPECT_THAT(findings,
                ElementsAre("page_view_events p=0 3..5: no row in the lake for 2 of the brokers' "
                            "records",
                            "page_view_events p=0 7..8: no row in the lake for 1 of the brokers' "
                            "records"));
}

TEST(ReadChainsTest, the_rows_of_quarantine_that_expired_are_noted_by_batch) {
    using enum lake::OutputKind;
    const auto batch = [](std::uint64_t seq, const std::string& date, std::uint64_t refused) {
        lake::Entry entry{.chain = "kafka-page_view_events-0", .seq = seq};
        entry.kafka_ranges = {{kViews, 0, 10 * (seq - 1), 10 * seq, ""}};
        entry.outputs = {{.kind = bronze, .topic = kViews, .date = date, .rows = 10 - refused}};
        if (refused > 0) {
            entry.outputs.push_back(
                {.kind = quarantine, .topic = kViews, .date = date, .rows = refused});
        }
        return entry;
    };
    lake::Chain compact{.name = "compact", .entries = {lake::Entry{.retained_from = "2025-03-01"}}};
    compact.entries[0].replaced = {
        {.final =
             lake::merged_path("_quarantine/page_view_events/date=2025-03-04/merged.parquet")}};
    const lake::Chain read{
        .name = "kafka-page_view_events-0",
        .entries = {lake::kafka_genesis({.cluster_id = "c", .topic = kViews}, "w", Timestamp{}),
                    batch(1, "2025-03-03", 2), batch(2, "2025-03-04", 0), batch(3, "2025-03-04", 7),
                    batch(4, "2025-03-05", 1)}};
    ReadChains chains;
    chains.note_expired(compact);
    ASSERT_TRUE(chains.add(read));
    const auto taken = chains.take("2025-03-01");
    ASSERT_EQ(taken.size(), 1u);
    ASSERT_EQ(taken[0].expired_refusals.size(), 2u);
    EXPECT_EQ(taken[0].expired_refusals[0].end, 10u);
    EXPECT_EQ(taken[0].expired_refusals[0].rows, 2u);
    EXPECT_EQ(taken[0].expired_refusals[1].start, 20u);
    EXPECT_EQ(taken[0].expired_refusals[1].rows, 7u);
}

TEST_F(VerifyKafkaTest, a_stop_is_obeyed_while_no_broker_answers) {
    auto database = duck::Database::open({.temp_directory = root_ + "/duck"}).value();
    auto connection = database.connect().value();
    std::vector<std::string> findings;
    std::stop_source stop;
    stop.request_stop();
    const auto states =
        verify_kafka({.cluster = {.brokers = "127.0.0.1:1"}, .patience = std::chrono::seconds(20)},
                     false, {}, connection, findings, stop.get_token());
    ASSERT_FALSE(states);
    EXPECT_EQ(states.error().kind, ErrorKind::cancelled) << states.error().message;
}

TEST_F(VerifyKafkaTest, brokers_that_do_not_answer_are_unavailable) {
    produce(0, 1);
    ingest();
    const auto report =
        verify(*files_, {.scratch = root_,
                         .kafka = KafkaVerifyOptions{.cluster = {.brokers = "127.0.0.1:1"},
                                                     .patience = std::chrono::milliseconds(300)}});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::unavailable);
}

TEST(OffsetFindingsTest, neighbours_are_one_range_and_the_first_ranges_are_told) {
    OffsetFindings found({"t", 1});
    for (const std::uint64_t offset : {3u, 4u, 5u, 9u}) found.absent(offset);
    for (std::uint64_t offset = 0; offset < 20; offset += 2) found.unknown(offset);
    found.differing(1, "a");
    found.differing(2, "b");
    std::vector<std::string> findings;
    found.tell(findings);
    ASSERT_EQ(findings.size(), 2u + kRangesToldMax + 1 + 2);
    EXPECT_EQ(findings[0], "t p=1 3..6: no row in the lake for 3 of the brokers' records");
    EXPECT_EQ(findings[1], "t p=1 9..10: no row in the lake for 1 of the brokers' records");
    EXPECT_EQ(findings[7],
              "t p=1 from 9 on: no record at the brokers for 5 of the lake's rows, beside "
              "those");
    EXPECT_EQ(findings[9], "t p=1 2..3: other content for 1 of the brokers' records (b)");
}

}  // namespace
}  // namespace bassline::ingest
