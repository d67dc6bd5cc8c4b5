// SPDX-License-Identifier: Apache-2.0
#include "status/status.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "ingest/ingest.hpp"
#include "ingest/kafka_ingest.hpp"
#include "kafka/mock_cluster.hpp"
#include "lake/lake.hpp"
#include "status/kafka_lag.hpp"

namespace bassline::status {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::int64_t kNowMs = 1'741'200'000'000;

class StatusClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::milliseconds(kNowMs)); }
};

std::string home(int item) {
    return fmt::format(
        R"({{"ts":{},"sessionId":1,"page":"Home","auth":"Guest","method":"GET","status":200,)"
        R"("level":"free","itemInSession":{}}})",
        kNowMs - 60'000 + item, item);
}

class StatusTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("status");
        files_ = lake::open_lake(root_ + "/lake").value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    Status status() const {
        auto read = read_status(*files_, StatusClock());
        EXPECT_TRUE(read) << (read ? "" : read.error().message);
        return read ? std::move(read).value() : Status{};
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(StatusTest, an_empty_lake_has_nothing_to_tell) {
    const Status empty = status();
    EXPECT_TRUE(empty.chains.empty());
    EXPECT_TRUE(empty.topics.empty());
    EXPECT_FALSE(empty.snapshot);
}

TEST_F(StatusTest, rows_of_bronze_and_quarantine_are_told_by_topic_and_reason) {
    const std::string lines = home(1) + "\nno JSON\n" + home(2) + "\n";
    std::ofstream(root_ + "/log.json") << lines;
    ingest::Progress progress;
    ASSERT_TRUE(ingest::ingest(*files_, {.inputs = {root_ + "/log.json"}}, StatusClock(), {},
                               progress, [](const auto&) {}));
    const Status read = status();
    ASSERT_EQ(read.chains.size(), 1u);
    EXPECT_EQ(read.chains[0].name, "files");
    EXPECT_EQ(read.chains[0].entries, 2u);
    EXPECT_EQ(read.chains[0].sources, 1u);
    EXPECT_EQ(read.chains[0].bytes_read, lines.size());
    EXPECT_EQ(read.topics.at("page_view_events").rows, 2u);
    EXPECT_EQ(read.topics.at("page_view_events").newest_event_ms, kNowMs - 60'000 + 2);
    EXPECT_THAT(read.quarantine.by_reason, ElementsAre(Pair("bad_json", 1)));
    EXPECT_EQ(read.quarantine.files.rows, 1u);
}

TEST_F(StatusTest, the_lag_of_a_partition_is_what_the_brokers_have_beyond_its_chain) {
    kafka::MockCluster cluster;
    cluster.create_topic("page_view_events", 2);
    cluster.produce("page_view_events", 0, home(1), kNowMs - 9'000);
    ingest::KafkaIngestOptions options{.cluster = {.brokers = cluster.brokers()},
                                       .topics = {"page_view_events"},
                                       .patience = std::chrono::seconds(30)};
    ASSERT_TRUE(ingest::ingest_kafka(*files_, options, StatusClock(), {}));
    cluster.produce("page_view_events", 0, home(2), kNowMs - 5'000);
    cluster.produce("page_view_events", 0, home(3), kNowMs - 4'000);

    Status read = status();
    const auto added =
        add_kafka_lag(options.cluster, std::chrono::seconds(30), read.now, read.chains);
    ASSERT_TRUE(added) << added.error().message;
    std::map<std::int32_t, KafkaState> partitions;
    for (const ChainState& chain : read.chains) partitions[chain.kafka->partition] = *chain.kafka;
    EXPECT_EQ(partitions.at(0).end, 1u);
    EXPECT_EQ(partitions.at(0).lag_offsets, 2u);
    EXPECT_EQ(partitions.at(0).lag_seconds, 5.0);  // of the oldest unread record
    if (partitions.contains(1)) {
        EXPECT_EQ(partitions.at(1).lag_offsets, 0u);
        EXPECT_EQ(partitions.at(1).lag_seconds, 0.0);
    }
}

// The new topic may have as many records as were read of the old one, or fewer.
TEST_F(StatusTest, a_topic_that_was_made_again_has_a_note_and_no_lag) {
    kafka::MockCluster cluster;
    cluster.create_topic("page_view_events", 1);
    cluster.produce("page_view_events", 0, home(1), kNowMs);
    ingest::KafkaIngestOptions options{.cluster = {.brokers = cluster.brokers()},
                                       .topics = {"page_view_events"},
                                       .patience = std::chrono::seconds(30)};
    ASSERT_TRUE(ingest::ingest_kafka(*files_, options, StatusClock(), {}));
    const auto note = [&](const std::string& topic_id, std::uint64_t end) {
        Status read = status();
        EXPECT_EQ(read.chains.size(), 1u);
        ChainState& chain = read.chains.front();
        if (!topic_id.empty()) chain.kafka->topic_id = topic_id;
        chain.kafka->end = end;
        EXPECT_TRUE(
            add_kafka_lag(options.cluster, std::chrono::seconds(30), read.now, read.chains));
        EXPECT_EQ(chain.kafka->lag_offsets.has_value(), chain.kafka->note.empty());
        return chain.kafka->note;
    };
    EXPECT_EQ(note("", 1), "");
    EXPECT_EQ(note("", 5), "topic re-created or cut: read up to 5, but the partition ends at 1");
    if (status().chains.front().kafka->topic_id.empty()) return;  // brokers that tell no id
    EXPECT_THAT(note("another", 1), testing::HasSubstr("topic re-created: read from topic id"));
}

}  // namespace
}  // namespace bassline::status
