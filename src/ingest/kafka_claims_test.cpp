// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka_claims.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "ingest/test_fake_consumer.hpp"
#include "lake/lake.hpp"

// Where partitions begin, and when a topic is not the one that was read, without a broker.
namespace bassline::ingest {
namespace {

using testing::HasSubstr;

constexpr const char* kClaimTopic = "auth_events";
constexpr std::chrono::milliseconds kAtOnce{0};

class KafkaClaimsTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-claims");
        files_ = lake::open_lake(root_ + "/lake").value();
        consumer_.topics[kClaimTopic] = {kClaimTopic, "first-id", 2};
        consumer_.range = {.low = 3, .high = 40};
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    // Where a partition that is new to the lake begins.
    std::uint64_t begin(const KafkaStart& start, std::int32_t partition) {
        options_.start = start;
        return claim(partition).next();
    }
    KafkaCommitter claim(std::int32_t partition) {
        KafkaClaims claims(*files_, clock_, consumer_, options_);
        EXPECT_TRUE(claims.survey());
        return claims.claim({kClaimTopic, partition}, std::chrono::steady_clock::time_point::max())
            .value();
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    SystemClock clock_;
    FakeConsumer consumer_;
    KafkaIngestOptions options_{.topics = {kClaimTopic}};
};

TEST_F(KafkaClaimsTest, a_new_chain_begins_at_a_time) {
    constexpr std::int64_t kHourMs = 3'600'000;
    EXPECT_EQ(begin({.from = KafkaStart::From::timestamp, .timestamp_ms = 17 * kHourMs}, 0), 17u);
    EXPECT_EQ(begin({.from = KafkaStart::From::timestamp, .timestamp_ms = 90 * kHourMs}, 1), 40u)
        << "a time past the end";
}

TEST_F(KafkaClaimsTest, a_new_chain_begins_at_the_first_record_or_at_the_end) {
    EXPECT_EQ(begin({}, 0), 3u);
    EXPECT_EQ(begin({.from = KafkaStart::From::latest}, 1), 40u);
}

TEST_F(KafkaClaimsTest, a_topic_made_again_is_told_with_what_was_read_of_it) {
    (void)claim(0);
    KafkaClaims claims(*files_, clock_, consumer_, options_);
    ASSERT_TRUE(claims.survey());
    EXPECT_TRUE(claims.check_topics(kAtOnce));
    consumer_.topics[kClaimTopic].id = "second-id";
    const auto stopped = claims.check_topics(kAtOnce);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(stopped.error().message,
                HasSubstr("auth_events had id first-id, it is now second-id; what was read (p=0 up "
                          "to 3) is kept"));
}

TEST_F(KafkaClaimsTest, a_topic_that_is_missed_twice_was_deleted) {
    KafkaClaims claims(*files_, clock_, consumer_, options_);
    ASSERT_TRUE(claims.survey());
    const auto topic = *consumer_.topics.begin();
    consumer_.topics.clear();
    EXPECT_TRUE(claims.check_topics(kAtOnce)) << "it may be the broker's mistake";
    consumer_.topics.insert(topic);
    EXPECT_TRUE(claims.check_topics(kAtOnce));
    consumer_.topics.clear();
    EXPECT_TRUE(claims.check_topics(kAtOnce));
    const auto stopped = claims.check_topics(kAtOnce);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(stopped.error().message,
                HasSubstr("auth_events was deleted while it was read (nothing yet)"));
}

TEST_F(KafkaClaimsTest, a_question_is_asked_at_most_every_so_often) {
    KafkaClaims claims(*files_, clock_, consumer_, options_);
    ASSERT_TRUE(claims.survey());
    consumer_.topics[kClaimTopic].id = "second-id";
    EXPECT_TRUE(claims.check_topics(std::chrono::hours(1)));
    EXPECT_FALSE(claims.check_topics(kAtOnce));
}

}  // namespace
}  // namespace bassline::ingest
