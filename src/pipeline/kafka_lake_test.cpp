// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.hpp"
#include "compact/compact.hpp"
#include "ingest/kafka_partition.hpp"
#include "ingest/verify.hpp"
#include "lake/lake.hpp"
#include "models/build.hpp"
#include "models/packaged_models.hpp"
#include "models/query.hpp"

// What the other stages make of a lake whose bronze came from Kafka: the golden logs, as two
// partitions a topic.
namespace bassline::pipeline {
namespace {

class MarchClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'742'200'000)); }
};

class KafkaLakeTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("kafka-lake");
        files_ = lake::open_lake(root_ + "/lake").value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    // Each line as a record, the even ones to partition 0; committed every `rows` records.
    void deliver(const std::string& topic, std::size_t rows) {
        for (std::int32_t partition = 0; partition < 2; ++partition) {
            ingest::KafkaCommitter committer(*files_, clock_,
                                             {"cluster", topic, "topic-id", partition});
            if (!committer.load().value()) {
                ASSERT_TRUE(committer.begin_chain(0));
            }
            ingest::KafkaPartition claimed(*files_, std::move(committer), limits_);
            deliver_lines(claimed, topic, rows);
        }
    }
    void deliver_lines(ingest::KafkaPartition& claimed, const std::string& topic,
                       std::size_t rows) {
        std::ifstream file("tests/data/golden/" + topic + ".ndjson");
        std::string line;
        const std::uint64_t first = claimed.next();
        for (std::uint64_t number = 0; std::getline(file, line); ++number) {
            if (number % 2 != static_cast<std::uint64_t>(claimed.source().partition)) continue;
            const std::size_t size = line.size();
            line.append(ingest::kLinePadding, '\0');
            const ingest::KafkaRecord record{.offset = first + number,
                                             .timestamp_ms = 1'742'000'000'000,
                                             .value = std::string_view(line).substr(0, size)};
            const auto partition = static_cast<std::uint32_t>(claimed.source().partition);
            ASSERT_TRUE(claimed.consume({partition, {&record, 1}}, {}));
            if (number % rows == 0) {
                ASSERT_TRUE(claimed.commit());
            }
        }
        ASSERT_TRUE(claimed.commit());
    }
    void deliver_all(std::size_t rows) {
        for (const event::Topic topic : event::kTopics)
            deliver(std::string(to_string(topic)), rows);
    }
    void build() {
        const auto manifest = models::load_packaged_models(models::models_directory(""));
        ASSERT_TRUE(manifest) << manifest.error().message;
        const auto report =
            models::build(*files_, manifest.value(), {.scratch = root_}, clock_, {});
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_NE(report.value().outcome, models::BuildOutcome::model_failed);
        EXPECT_NE(report.value().outcome, models::BuildOutcome::test_failed);
    }
    std::int64_t count(const std::string& table) { return count_of("silver." + table); }
    std::int64_t count_of(const std::string& relation) {
        auto result = models::query_lake(*files_, "select count(*)::bigint from " + relation,
                                         {.scratch = root_}, {});
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return result && result.value().rows().next() ? result.value().rows().int64(0) : -1;
    }
    // Folders of bronze's hours.
    std::vector<std::string> hours() const {
        std::vector<std::string> found;
        const std::string root = files_->absolute("");
        for (const auto& each :
             std::filesystem::recursive_directory_iterator(files_->absolute("bronze"))) {
            if (!each.path().filename().string().starts_with("hour=")) continue;
            found.push_back(std::filesystem::relative(each.path(), root));
        }
        return found;
    }
    void expect_whole() {
        const auto report = ingest::verify(*files_, {.full = true, .scratch = root_});
        EXPECT_THAT(report.value().findings, testing::IsEmpty());
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    MarchClock clock_;
    ingest::PartitionLimits limits_{.memory_bytes = 16u << 20};
};

TEST_F(KafkaLakeTest, is_compacted_and_built_as_one_from_files_and_drops_what_was_produced_twice) {
    deliver_all(2);
    const auto merged = compact::compact(*files_, {}, clock_, {});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_GT(merged.value().files_merged, 0u);
    deliver_all(1000);  // the producer sent all of it again, at new offsets
    expect_whole();
    build();
    EXPECT_EQ(count("fact_page_view_events"), 22);
    EXPECT_EQ(count("fact_listen_events"), 6);
    EXPECT_EQ(count("fact_status_change_events"), 1);
    EXPECT_EQ(count("fact_auth_events"), 3);
}

TEST_F(KafkaLakeTest, late_events_beside_bronze_are_merged_and_expire_and_no_model_reads_them) {
    deliver_all(1000);
    build();
    limits_.late_after = std::chrono::milliseconds(0);
    limits_.late_beside = true;
    const std::int64_t delivered = count_of("bronze.page_view_events");
    deliver_all(2);  // the same once more, most of them older than their records' time
    const auto merged = compact::compact(*files_, {}, clock_, {});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_GT(merged.value().files_merged, 0u);
    expect_whole();
    EXPECT_EQ(count_of("late.page_view_events"), 0) << "a query is at the last build's bronze";
    build();
    EXPECT_GT(count_of("late.page_view_events"), 0);
    EXPECT_EQ(count_of("late.page_view_events") + count_of("bronze.page_view_events"),
              2 * delivered);
    EXPECT_EQ(count("fact_page_view_events"), 22);
    class LaterClock : public Clock {
    public:
        Timestamp now() const override { return MarchClock().now() + std::chrono::hours(1); }
    };
    ASSERT_TRUE(compact::compact(*files_, {}, LaterClock(), {}));
    expect_whole();
    for (const std::string& hour : hours()) {
        ASSERT_TRUE(files_->write_durably(hour + "/_SUCCESS", ""));
    }
    const std::size_t before = hours().size();
    const auto expired =
        compact::compact(*files_, {.retain_days = 1, .grace = {}}, LaterClock(), {});
    ASSERT_TRUE(expired) << expired.error().message;
    ASSERT_TRUE(compact::compact(*files_, {.grace = {}}, LaterClock(), {}));
    expect_whole();
    EXPECT_LT(hours().size(), before) << "the mark of an hour leaves with it";
    for (const std::string& hour : hours()) {
        EXPECT_GE(files_->list(hour).value().size(), 2u) << hour << ": rows and their mark";
    }
}

}  // namespace
}  // namespace bassline::pipeline
