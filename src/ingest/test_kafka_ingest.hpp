// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "ingest/kafka_ingest.hpp"
#include "ingest/verify.hpp"
#include "kafka/mock_cluster.hpp"
#include "lake/kafka_chain.hpp"
#include "lake/lake.hpp"

// From a broker inside the process to a lake, with the real writer and the real disk.
namespace bassline::ingest {

inline constexpr const char* kTopic = "page_view_events";
inline constexpr std::int64_t kFirstMs = 1'741'132'800'000;

class NoonClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'741'200'000)); }
};

inline std::string page_view(int item) {
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
    // Commits soon, and goes on until it is stopped.
    KafkaIngestOptions following_options() {
        KafkaIngestOptions following = options();
        following.follow = true;
        following.limits.commit_interval = std::chrono::milliseconds(50);
        return following;
    }
    Result<KafkaSummary> try_ingest(const KafkaIngestOptions& options,
                                    const std::stop_token& stop = {}) {
        return ingest_kafka(*files_, options, clock_, stop);
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
        EXPECT_THAT(report.value().findings, testing::IsEmpty());
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
    NoonClock clock_;
    int groups_ = 0;
};

}  // namespace bassline::ingest
