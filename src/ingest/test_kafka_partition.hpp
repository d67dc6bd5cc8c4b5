// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "duck/database.hpp"
#include "ingest/kafka_partition.hpp"
#include "ingest/test_ingest_lake.hpp"
#include "ingest/verify.hpp"
#include "lake/lake.hpp"
#include "lake/live_files.hpp"

// One partition's way into the lake, without a broker.
namespace bassline::ingest {

using std::chrono::steady_clock;

inline constexpr std::int64_t kEventMs = 1'741'132'800'000;
inline constexpr std::int64_t kRecordMs = kEventMs + 5'000;
inline constexpr std::int64_t kNowMs = 1'741'200'000'000;
inline constexpr std::int64_t kMinute = 60'000;
inline constexpr std::int64_t kHour = 60 * kMinute;

class EveningClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'741'200'000)); }
};

inline std::string status_change(int item) {
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
        expect_counts(verified(), rows, quarantined);
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

}  // namespace bassline::ingest
