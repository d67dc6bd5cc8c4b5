// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_ingest.hpp"

#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/verify.hpp"
#include "kafka/mock_cluster.hpp"
#include "lake/failpoints.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"

// From a broker inside the process to a lake, with the real writer and the real disk.
namespace bassline::ingest {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTopic = "page_view_events";
constexpr std::int64_t kFirstMs = 1'741'132'800'000;

class NoonClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'741'200'000)); }
};

std::string page_view(int item) {
    return fmt::format(
        R"({{"ts":{},"sessionId":{},"page":"Home","auth":"Guest","method":"GET","status":200,)"
        R"("level":"free","itemInSession":{}}})",
        kFirstMs + item, item / 10, item % 10);
}

class KafkaIngestTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-ingest");
        files_ = lake::open_lake(root_ + "/lake").value();
        cluster_ = std::make_unique<kafka::MockCluster>();
        cluster_->create_topic(kTopic, 2);
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    void produce(int first, int end, std::int32_t partition = 0) {
        for (int item = first; item < end; ++item) {
            cluster_->produce(kTopic, partition, page_view(item), kFirstMs + item);
        }
    }
    KafkaIngestOptions options() {
        KafkaIngestOptions options{.cluster = {.brokers = cluster_->brokers()}, .topics = {kTopic}};
        // The brokers of the process wait for a session's timeout when a group is joined again.
        options.consumer.group = fmt::format("group-{}", groups_++);
        options.patience = std::chrono::seconds(30);
        options.limits.commit_interval = std::chrono::seconds(30);
        return options;
    }
    Result<KafkaSummary> try_ingest(const KafkaIngestOptions& options,
                                    const std::stop_token& stop = {}) {
        return ingest_kafka(*files_, options, NoonClock(), stop);
    }
    KafkaSummary run() {
        auto outcome = try_ingest(options());
        EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
        return outcome ? std::move(outcome).value() : KafkaSummary{};
    }
    static std::uint64_t written(const KafkaSummary& summary) {
        std::uint64_t total = 0;
        for (const auto& [topic, totals] : summary.ingest.topics) total += totals.counters.written;
        return total;
    }
    // The lake holds that many rows and quarantined records, each once, and no staging.
    void expect_lake(std::uint64_t rows, std::uint64_t quarantined = 0) const {
        const auto report = verify(*files_, {.full = true, .scratch = root_});
        ASSERT_TRUE(report);
        EXPECT_THAT(report.value().findings, IsEmpty());
        std::uint64_t bronze = 0;
        std::uint64_t bad = 0;
        for (const auto& partition : report.value().partitions) {
            bronze += partition.rows;
            bad += partition.quarantined;
            EXPECT_EQ(partition.missing + partition.duplicate, 0u);
        }
        EXPECT_EQ(bronze, rows);
        EXPECT_EQ(bad, quarantined);
    }
    std::uint64_t chain_end(std::int32_t partition = 0) const {
        const auto tail = lake::load_kafka_tail(*files_, kTopic, partition);
        EXPECT_TRUE(tail);
        return tail && tail.value() ? tail.value()->end : 0;
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    std::unique_ptr<kafka::MockCluster> cluster_;
    int groups_ = 0;
};

TEST_F(KafkaIngestTest, what_is_in_the_topic_comes_in_once) {
    produce(0, 40, 0);
    produce(40, 50, 1);
    const KafkaSummary first = run();
    EXPECT_EQ(written(first), 50u);
    EXPECT_EQ(first.rotations, (std::map<std::string, std::uint64_t>{{"end", 2}}));
    EXPECT_EQ(written(run()), 0u);
    produce(50, 60, 1);
    EXPECT_EQ(written(run()), 10u);
    EXPECT_EQ(chain_end(0), 40u);
    EXPECT_EQ(chain_end(1), 20u);
    expect_lake(60);
}

}  // namespace
}  // namespace bassline::ingest
