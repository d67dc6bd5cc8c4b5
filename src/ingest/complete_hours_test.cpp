// SPDX-License-Identifier: Apache-2.0
#include "ingest/complete_hours.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "ingest/failpoints.hpp"
#include "ingest/kafka_partition.hpp"
#include "ingest/verify.hpp"
#include "lake/lake.hpp"
#include "lake/names.hpp"

// Hours of a topic with two partitions, from midnight of 2025-03-05, without a broker.
namespace bassline::ingest {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kChangesTopic = "status_change_events";
constexpr std::int64_t kMidnightMs = 1'741'132'800'000;

class SettableClock : public Clock {
public:
    Timestamp now() const override { return time; }
    Timestamp time{std::chrono::seconds(1'741'200'000)};
};

class CompleteHoursTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("complete-hours");
        files_ = lake::open_lake(root_ + "/lake").value();
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    // Events at these minutes after midnight, in a batch of their own.
    void commit(std::int32_t partition, const std::vector<int>& at,
                const std::string& topic = kChangesTopic) {
        KafkaCommitter committer(*files_, clock_, {"cluster", topic, "topic-id", partition});
        if (!committer.load().value()) {
            ASSERT_TRUE(committer.begin_chain(0));
        }
        KafkaPartition claimed(*files_, std::move(committer), limits_);
        for (const int minute : at) {
            const std::int64_t ts = kMidnightMs + 60'000ll * minute;
            std::string text =
                fmt::format(R"({{"ts":{},"sessionId":1,"itemInSession":1,"level":"paid"}})", ts);
            const std::size_t size = text.size();
            text.append(kLinePadding, ' ');
            const KafkaRecord record{.offset = claimed.next(),
                                     .timestamp_ms = ts,
                                     .value = std::string_view(text).substr(0, size)};
            const auto number = static_cast<std::uint32_t>(partition);
            ASSERT_TRUE(claimed.consume({number, {&record, 1}}, steady_clock::now()));
        }
        ASSERT_TRUE(claimed.commit());
    }
    CompleteHours make() {
        return {*files_, clock_, options_, [this](const auto& partition) {
                    ++asked_;
                    return ends_.contains(partition.partition)
                               ? std::optional(ends_.at(partition.partition))
                               : std::nullopt;
                }};
    }
    std::uint64_t mark(CompleteHours& complete, const std::string& topic = kChangesTopic) {
        const auto marks = complete.mark({{topic, 2}});
        EXPECT_TRUE(marks) << (marks ? "" : marks.error().message);
        std::uint64_t sum = 0;
        if (marks) {
            for (const auto& [name, count] : marks.value()) sum += count;
        }
        return sum;
    }
    std::vector<std::string> marked() const {
        std::vector<std::string> found;
        const std::filesystem::path bronze = files_->absolute("bronze");
        for (const auto& file : std::filesystem::recursive_directory_iterator(bronze)) {
            if (file.path().filename() != lake::kCompleteMark) continue;
            EXPECT_EQ(file.file_size(), 0u);
            found.push_back(file.path().parent_path().filename());
        }
        std::ranges::sort(found);
        return found;
    }
    void expect_whole() const {
        EXPECT_THAT(verify(*files_, {.full = true, .scratch = root_}).value().findings, IsEmpty());
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    SettableClock clock_;
    PartitionLimits limits_{.memory_bytes = 16u << 20};
    CompleteHours::Options options_{.grace = minutes(5)};
    std::map<std::int32_t, std::uint64_t> ends_;
    int asked_ = 0;
};

TEST_F(CompleteHoursTest, an_hour_is_complete_when_every_partition_has_passed_it) {
    auto complete = make();
    commit(0, {10, 70, 130});
    EXPECT_EQ(mark(complete), 0u) << "nobody has read the other partition";
    commit(1, {20});
    EXPECT_EQ(mark(complete), 0u);
    commit(1, {64});
    EXPECT_EQ(mark(complete), 0u) << "within the grace";
    commit(1, {65});
    EXPECT_EQ(mark(complete), 1u);
    EXPECT_THAT(marked(), ElementsAre("hour=00"));
    commit(1, {200});
    EXPECT_EQ(mark(complete), 1u) << "the other partition is at two o'clock";
    EXPECT_THAT(marked(), ElementsAre("hour=00", "hour=01"));
    EXPECT_EQ(mark(complete), 0u);
    expect_whole();
}

TEST_F(CompleteHoursTest, rows_that_come_late_are_written_and_their_hour_is_marked_too) {
    auto complete = make();
    commit(0, {10, 400});
    commit(1, {400});
    EXPECT_EQ(mark(complete), 1u);
    commit(1, {20, 130});  // into a marked hour, and one that had no rows
    EXPECT_EQ(mark(complete), 1u);
    EXPECT_THAT(marked(), ElementsAre("hour=00", "hour=02"));
    commit(0, {250, 405});
    auto elsewhere = make();
    EXPECT_EQ(mark(elsewhere), 1u) << "what one process wrote, another marks";
    EXPECT_EQ(mark(complete), 0u);
    expect_whole();
}

TEST_F(CompleteHoursTest, what_a_stop_left_unmarked_is_marked_by_the_next_start) {
    commit(0, {10, 70, 130});
    commit(1, {10, 70, 130});
    ::setenv("BASSLINE_FAILPOINTS", fmt::format("{}=eio", kKafkaHourComplete).c_str(), 1);
    ASSERT_TRUE(arm_failpoints_from_environment());
    {
        auto stopped = make();
        EXPECT_FALSE(stopped.mark({{kChangesTopic, 2}}));
    }
    failpoints_armed = false;
    EXPECT_THAT(marked(), IsEmpty());
    auto next = make();
    EXPECT_EQ(mark(next), 2u);
    EXPECT_THAT(marked(), ElementsAre("hour=00", "hour=01"));
}

TEST_F(CompleteHoursTest, a_batch_whose_files_are_not_in_their_place_completes_nothing) {
    commit(0, {10, 130});
    commit(1, {10});
    auto complete = make();
    EXPECT_EQ(mark(complete), 0u);
    ::setenv("BASSLINE_FAILPOINTS", fmt::format("{}=eio", kKafkaCommitted).c_str(), 1);
    ASSERT_TRUE(arm_failpoints_from_environment());
    KafkaCommitter committer(*files_, clock_, {"cluster", kChangesTopic, "topic-id", 1});
    ASSERT_TRUE(committer.load().value());
    std::string text = fmt::format(R"({{"ts":{},"sessionId":1,"itemInSession":1}})",
                                   kMidnightMs + std::int64_t{130} * 60'000);
    const std::size_t size = text.size();
    text.append(kLinePadding, ' ');
    const KafkaRecord record{.offset = committer.next(),
                             .value = std::string_view(text).substr(0, size)};
    KafkaPartition claimed(*files_, std::move(committer), limits_);
    ASSERT_TRUE(claimed.consume({1, {&record, 1}}, steady_clock::now()));
    EXPECT_FALSE(claimed.commit());
    failpoints_armed = false;
    EXPECT_EQ(mark(complete), 0u) << "the entry stands, its files are still staged";
    KafkaCommitter successor(*files_, clock_, {"cluster", kChangesTopic, "topic-id", 1});
    ASSERT_TRUE(successor.load().value());
    EXPECT_EQ(mark(complete), 1u);
    expect_whole();
}

TEST_F(CompleteHoursTest, a_silent_partition_holds_hours_back_unless_it_may_be_idle) {
    commit(0, {10});
    commit(1, {10, 130});
    auto patient = make();
    clock_.time += hours(24);
    EXPECT_EQ(mark(patient), 0u);
    EXPECT_EQ(asked_, 0) << "its end is of no interest";
    options_.idle_after = hours(25);
    auto complete = make();
    ends_ = {{0, 1}};
    EXPECT_EQ(mark(complete), 0u) << "not silent for long enough";
    clock_.time += hours(2);
    ends_ = {{0, 2}};
    EXPECT_EQ(mark(complete), 0u) << "it has a record that is not read";
    ends_.clear();
    EXPECT_EQ(mark(complete), 0u) << "nobody knows its end";
    ends_ = {{0, 1}};
    EXPECT_EQ(mark(complete), 1u);
    EXPECT_THAT(marked(), ElementsAre("hour=00"));
}

TEST_F(CompleteHoursTest, topics_of_other_names_may_hold_any_event) {
    commit(0, {10, 130}, "events");
    auto complete = make();
    EXPECT_EQ(mark(complete, "events"), 0u);
    commit(1, {10, 130}, "events");
    EXPECT_EQ(mark(complete, "events"), 1u);
    EXPECT_THAT(marked(), ElementsAre("hour=00"));
}

TEST_F(CompleteHoursTest, verify_finds_what_only_looks_like_a_mark) {
    commit(0, {10});
    std::filesystem::path hour =
        files_->absolute("bronze/status_change_events/date=2025-03-05/hour=00");
    ASSERT_TRUE(std::filesystem::exists(hour));
    ASSERT_TRUE(files_->write_durably(
        "bronze/status_change_events/date=2025-03-05/hour=00/_SUCCESS", "rows"));
    EXPECT_EQ(verify(*files_, {.scratch = root_}).value().findings.size(), 1u);
}

}  // namespace
}  // namespace bassline::ingest
