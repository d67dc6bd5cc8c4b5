// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "duck/database.hpp"
#include "ingest/batch_writer.hpp"
#include "storage/local_file_system.hpp"

// What a worker writes is read back by DuckDB, which shares nothing with our writer.
namespace bassline::ingest {

inline constexpr Timestamp kIngestedAt{std::chrono::microseconds(1'770'000'000'000'000)};

class BatchWriterTest : public ::testing::Test {
protected:
    void SetUp() override {
        directory_ = std::filesystem::temp_directory_path() /
                     fmt::format("batch-writer-{}", std::random_device{}());
        auto opened = storage::open_local(directory_);
        ASSERT_TRUE(opened) << opened.error().message;
        files_ = std::move(opened).value();
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    // Writes the text as one source, in blocks of about `block_bytes`.
    BatchResult write(const std::string& text, BatchContext context = {},
                      std::size_t block_bytes = 64 << 10) {
        return write_pieces({text}, std::move(context), block_bytes);
    }

    // The same of texts that do not follow upon each other.
    BatchResult write_pieces(const std::vector<std::string>& pieces, BatchContext context = {},
                             std::size_t block_bytes = 64 << 10) {
        context.chain = "files";
        context.ingested_at = kIngestedAt;
        context.staging_directory = fmt::format("staging{}", runs_++);
        EXPECT_TRUE(files_->make_directories(context.staging_directory));
        auto writer = BatchWriter::make(*files_, context);
        EXPECT_TRUE(writer);
        most_memory_ = 0;
        std::size_t offset = 0;
        for (const std::string& text : pieces) {
            if (offset > 0) writer.value()->jump();
            for (std::size_t at = 0; at < text.size();) {
                std::size_t end = std::min(text.size(), at + block_bytes);
                if (end < text.size()) end = std::min(text.size(), text.find('\n', end) + 1);
                if (end == 0) end = text.size();
                std::string block = text.substr(at, end - at) + std::string(kLinePadding, '"');
                auto consumed = writer.value()->consume(
                    {7, offset + at, std::string_view(block).substr(0, end - at)});
                EXPECT_TRUE(consumed) << consumed.error().message;
                most_memory_ = std::max(most_memory_, writer.value()->memory_bytes());
                at = end;
            }
            offset += text.size();
        }
        auto finished = writer.value()->finish();
        EXPECT_TRUE(finished) << finished.error().message;
        for (const auto& [topic, counters] : finished.value().counters) {
            EXPECT_EQ(counters.consumed, counters.written + counters.quarantined) << topic;
        }
        return std::move(finished).value();
    }

    std::string row_groups_of(const lake::Output& output) {
        return ask(
            "select string_agg(distinct row_group_num_rows, ' ' order by row_group_num_rows) from "
            "parquet_metadata('" +
            files_->absolute(output.staged) + "')");
    }

    // `read_parquet` over the staged files of a topic.
    std::string files_of(const BatchResult& result, std::string_view topic,
                         lake::OutputKind kind = lake::OutputKind::bronze) {
        std::vector<std::string> paths;
        for (const auto& output : result.outputs) {
            if (output.topic == topic && output.kind == kind) {
                paths.push_back("'" + files_->absolute(output.staged) + "'");
            }
        }
        return fmt::format("read_parquet([{}])", fmt::join(paths, ", "));
    }

    // The one value of a query, as text.
    std::string ask(const std::string& sql) {
        auto database = duck::Database::open({.temp_directory = directory_ / "temp"});
        EXPECT_TRUE(database) << database.error().message;
        auto connection = database.value().connect();
        EXPECT_TRUE(connection) << connection.error().message;
        auto rows = connection.value().query("select cast((" + sql + ") as varchar)");
        if (!rows) return rows.error().message;
        EXPECT_TRUE(rows.value().next());
        return rows.value().is_null(0) ? "null" : std::string(rows.value().text(0));
    }

    std::filesystem::path directory_;
    std::unique_ptr<storage::FileSystem> files_;
    int runs_ = 0;
    std::size_t most_memory_ = 0;  // of the last run, as the writer counts it
};

inline std::string listen(std::int64_t ts, int session, const std::string& song) {
    return fmt::format(
        R"({{"artist":"A","song":"{}","duration":200.5,"ts":{},"sessionId":{},"auth":"Logged In","level":"free","itemInSession":1,"city":"B","zip":"02151","state":"MA","userAgent":"M","lon":-71.0,"lat":42.4,"userId":7,"lastName":"K","firstName":"F","gender":"F","registration":1740787200000}})"
        "\n",
        song, ts, session);
}

}  // namespace bassline::ingest
