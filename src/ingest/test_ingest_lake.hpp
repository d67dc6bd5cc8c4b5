// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "ingest/ingest.hpp"
#include "ingest/verify.hpp"
#include "lake/chain.hpp"
#include "lake/lake.hpp"

// For tests of the whole way from files to a lake, with the real writer and the real disk.
namespace bassline::ingest {

class IngestClock : public Clock {
public:
    Timestamp now() const override { return Timestamp(std::chrono::seconds(1'741'200'000)); }
};

/// Nothing is wrong, and bronze (late events too) and quarantine have that many rows.
inline void expect_counts(const VerifyReport& report, std::uint64_t rows,
                          std::uint64_t quarantined) {
    EXPECT_THAT(report.findings, testing::IsEmpty());
    std::uint64_t bronze = 0;
    std::uint64_t bad = 0;
    for (const auto& partition : report.partitions) {
        bronze += partition.rows;
        bad += partition.quarantined;
    }
    EXPECT_EQ(bronze, rows);
    EXPECT_EQ(bad, quarantined);
}

class IngestTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("ingest");
        std::filesystem::create_directory(root_ + "/in");
    }
    void TearDown() override {
        failpoints_armed = false;
        std::filesystem::remove_all(root_);
    }

    // A line of a guest's page view, an hour of the day; and those from `first` to `end`.
    static std::string event(int item, int hour = 0) {
        return fmt::format(
            R"({{"ts":{},"sessionId":{},"page":"Home","auth":"Guest","method":"GET","status":200,)"
            R"("level":"free","itemInSession":{}}})",
            1741132800000 + 3'600'000LL * hour + item, item / 10, item % 10);
    }
    static std::string events(int first, int end, int hours = 1) {
        std::string lines;
        for (int item = first; item < end; ++item) lines += event(item, item % hours) + "\n";
        return lines;
    }

    std::string in(const std::string& name) const { return root_ + "/in/" + name; }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(in(name), std::ios::binary | std::ios::trunc) << content;
    }
    void append(const std::string& name, const std::string& content) const {
        std::ofstream(in(name), std::ios::binary | std::ios::app) << content;
    }
    void move(const std::string& from, const std::string& to) const {
        std::filesystem::rename(in(from), in(to));
    }

    Result<IngestSummary> try_ingest(const IngestOptions& options) {
        TRY_ASSIGN(const auto files, lake::open_lake(root_ + "/lake"));
        Progress progress;
        return ingest(*files, options, IngestClock(), {}, progress, [](const Notice&) {});
    }
    IngestSummary run(std::vector<std::string> names = {""}) {
        for (std::string& name : names) name = in(name);
        auto outcome = try_ingest({.inputs = names, .threads = 2});
        EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
        return outcome ? std::move(outcome).value() : IngestSummary{};
    }
    static std::uint64_t written(const IngestSummary& summary) {
        std::uint64_t total = 0;
        for (const auto& [topic, totals] : summary.topics) total += totals.counters.written;
        return total;
    }
    VerifyReport verified(bool full = true) const {
        return verify(*lake::open_lake_read_only(root_ + "/lake").value(),
                      {.full = full, .scratch = root_})
            .value();
    }
    // The lake holds that many rows and quarantined lines, each once.
    void expect_lake(std::uint64_t rows, std::uint64_t quarantined = 0) const {
        expect_counts(verified(), rows, quarantined);
    }
    std::uint64_t entries() const {
        return lake::Chain::load(*lake::open_lake_read_only(root_ + "/lake").value(), "files")
            .value()
            .next_seq();
    }

    std::string root_;
};

}  // namespace bassline::ingest
