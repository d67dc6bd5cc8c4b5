// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/statistics.h>

#include "base/test_folder.hpp"
#include "parquet/file_writer.hpp"
#include "storage/local_file_system.hpp"

// Files written and read back, for the tests of this room.
namespace bassline::parquet {

using event::Layout;
using event::Type;

// A row's text, or none.
using Rows = std::vector<std::optional<std::string>>;

inline constexpr ColumnSpec kCoded{"coded", Type::text, false, Layout::dictionary, false};
inline constexpr ColumnSpec kPlain{"plain", Type::text, false, Layout::plain, false};

class FileWriterTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("file_writer");
        files_ = storage::open_local(root_).value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    // Opens what was written, its checksums compared.
    void write(const std::vector<ColumnSpec>& columns, std::size_t rows,
               const std::vector<ColumnChunk>& chunks, int row_groups = 1) {
        ASSERT_TRUE(files_->remove("file"));  // of an earlier call
        auto writer =
            FileWriter::make(files_->create("file").value(), columns, {{"key", "value"}}).value();
        for (int group = 0; group < row_groups; ++group) {
            ASSERT_TRUE(writer->write_row_group(rows, chunks));
        }
        ASSERT_TRUE(writer->finish().value()->close_durably());
        ::parquet::ReaderProperties properties;
        properties.set_page_checksum_verification(true);
        ::parquet::arrow::FileReaderBuilder builder;
        const auto bytes = arrow::Buffer::FromString(files_->read("file").value());
        ASSERT_TRUE(
            builder.Open(std::make_shared<arrow::io::BufferReader>(bytes), properties).ok());
        reader_ = builder.Build().ValueOrDie();
        table_ = reader_->ReadTable().ValueOrDie()->CombineChunks().ValueOrDie();
        ASSERT_TRUE(table_->ValidateFull().ok());
    }

    Rows texts(int column) const {
        Rows rows;
        const auto& array =
            static_cast<const arrow::StringArray&>(*table_->column(column)->chunk(0));
        for (std::int64_t row = 0; row < array.length(); ++row) {
            rows.push_back(array.IsNull(row) ? std::nullopt : std::optional(array.GetString(row)));
        }
        return rows;
    }
    std::unique_ptr<::parquet::ColumnChunkMetaData> chunk(int column) const {
        return reader_->parquet_reader()->metadata()->RowGroup(0)->ColumnChunk(column);
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
    std::unique_ptr<::parquet::arrow::FileReader> reader_;
    std::shared_ptr<arrow::Table> table_;
};

// Dictionary texts of `count` values, and what a reader is to find.
struct Coded {
    explicit Coded(std::uint32_t count, std::size_t bytes_each = 0) {
        for (std::uint32_t i = 0; i < count; ++i) {
            texts.push_back(fmt::format("value {}", i) + std::string(bytes_each, 'x'));
        }
        views.assign(texts.begin(), texts.end());
    }
    void add(std::uint32_t code, std::size_t times = 1) { codes.insert(codes.end(), times, code); }
    Rows rows() const {
        Rows rows;
        for (const std::uint32_t code : codes) {
            rows.push_back(code == kNullCode ? std::nullopt : std::optional(texts[code]));
        }
        return rows;
    }
    Texts chunk() const { return {codes.data(), views}; }

    std::vector<std::string> texts;
    std::vector<std::string_view> views;
    std::vector<std::uint32_t> codes;
};

}  // namespace bassline::parquet
