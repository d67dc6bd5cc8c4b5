// SPDX-License-Identifier: Apache-2.0
#include "parquet/file_merger.hpp"

#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include "base/test_folder.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::parquet {
namespace {

using event::Layout;
using event::Type;

// One of every way in which a column is held.
const std::vector<ColumnSpec> kColumns{{"ts", Type::int64, true, Layout::delta, true},
                                       {"partition", Type::int32, true, Layout::dictionary, false},
                                       {"word", Type::text, false, Layout::dictionary, false},
                                       {"text", Type::text, false, Layout::plain, false},
                                       {"ratio", Type::real, false, Layout::dictionary, false},
                                       {"flag", Type::boolean, false, Layout::dictionary, false},
                                       {"at", Type::timestamp, true, Layout::delta, false},
                                       {"raw", Type::binary, true, Layout::plain, false}};

class FileMergerTest : public testing::Test {
protected:
    void SetUp() override {
        root_ = make_test_folder("merger");
        files_ = storage::open_local(root_).value();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    // A file with a row for each ts; what the other columns hold follows from ts.
    std::string file_of(const std::string& name, const std::vector<std::int64_t>& ts) {
        const std::size_t rows = ts.size();
        const std::vector<std::string_view> words{"a", "", "caf\xc3\xa9"};
        std::vector<std::int32_t> partitions;
        std::vector<std::uint32_t> codes;
        std::vector<std::uint32_t> starts{0};
        std::vector<std::uint32_t> present;
        std::vector<double> ratios;
        std::vector<std::uint8_t> flags;
        std::vector<std::string> raws;
        std::string texts;
        for (const std::int64_t t : ts) {
            partitions.push_back(static_cast<std::int32_t>(t % 2));
            codes.push_back(t % 4 == 3 ? kNullCode : static_cast<std::uint32_t>(t % 4));
            if (t % 3 != 0) texts += fmt::format("text {}", t);
            starts.push_back(static_cast<std::uint32_t>(texts.size()));
            present.push_back(t % 3 != 0);
            ratios.push_back(static_cast<double>(t) / 7);
            flags.push_back(t % 5 == 0);
            raws.push_back(std::string("\0\xff", 2) + std::to_string(t));
        }
        const std::vector<std::string_view> raw_views(raws.begin(), raws.end());
        const ColumnChunk chunks[] = {Flat{ts.data()},
                                      Flat{partitions.data()},
                                      Texts{codes.data(), words},
                                      Packed{starts.data(), texts, present.data(), 1},
                                      Flat{ratios.data(), present.data(), 1},
                                      Flat{flags.data(), present.data(), 1},
                                      Flat{ts.data()},
                                      Strings{raw_views}};
        auto writer = FileWriter::make(files_->create(name).value(), kColumns, {}).value();
        EXPECT_TRUE(writer->write_row_group(rows, chunks));
        EXPECT_TRUE(writer->finish().value()->close_durably());
        return files_->read(name).value();
    }

    std::string merged(const std::vector<std::string>& inputs, std::size_t row_group_rows = 1000) {
        const auto merger = FileMerger::make(files_->create("merged").value(),
                                             {.columns = kColumns,
                                              .order = {"ts", "partition"},
                                              .metadata = {{"bassline.chain", "compact"}},
                                              .row_group_rows = row_group_rows});
        for (const std::string& input : inputs) EXPECT_TRUE(merger->add("input", input));
        EXPECT_TRUE(merger->close());
        return files_->read("merged").value();
    }

    static std::unique_ptr<::parquet::arrow::FileReader> open(const std::string& bytes) {
        ::parquet::arrow::FileReaderBuilder builder;
        EXPECT_TRUE(
            builder
                .Open(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)))
                .ok());
        return builder.Build().ValueOrDie();
    }
    static std::shared_ptr<arrow::Table> table_of(const std::string& bytes) {
        return open(bytes)->ReadTable().ValueOrDie()->CombineChunks().ValueOrDie();
    }

    std::string root_;
    std::unique_ptr<storage::FileSystem> files_;
};

TEST_F(FileMergerTest, every_value_null_and_type_comes_out_as_in_one_file_of_sorted_rows) {
    const std::string merged_bytes =
        merged({file_of("a", {5, 1, 9, 12}), file_of("b", {2, 3}), file_of("c", {60, 0, 7})});
    const std::string expected = file_of("all", {0, 1, 2, 3, 5, 7, 9, 12, 60});
    EXPECT_TRUE(table_of(merged_bytes)->Equals(*table_of(expected)));
    EXPECT_TRUE(open(merged_bytes)
                    ->parquet_reader()
                    ->metadata()
                    ->schema()
                    ->Equals(*open(expected)->parquet_reader()->metadata()->schema()));
}

TEST_F(FileMergerTest, columns_keep_their_encodings) {
    const std::string input = file_of("a", {1, 2, 3});
    const std::string out = merged({input, file_of("b", {4})});
    const auto encodings = [](const std::string& bytes, int column) {
        return open(bytes)
            ->parquet_reader()
            ->metadata()
            ->RowGroup(0)
            ->ColumnChunk(column)
            ->encodings();
    };
    for (int column = 0; column < static_cast<int>(kColumns.size()); ++column) {
        EXPECT_EQ(encodings(out, column), encodings(input, column)) << column;
    }
}

TEST_F(FileMergerTest, row_groups_are_closed_when_full_and_sorted_each) {
    const std::string out =
        merged({file_of("a", {9, 8}), file_of("b", {7, 6}), file_of("c", {1})}, 4);
    EXPECT_EQ(open(out)->num_row_groups(), 2);
    const auto ts = table_of(out)->column(0)->chunk(0);
    std::vector<std::int64_t> values;
    for (std::int64_t row = 0; row < ts->length(); ++row) {
        values.push_back(static_cast<const arrow::Int64Array&>(*ts).Value(row));
    }
    EXPECT_THAT(values, testing::ElementsAre(6, 7, 8, 9, 1));
}

TEST_F(FileMergerTest, a_file_of_other_columns_or_no_file_at_all_is_refused_by_name) {
    const auto merger = FileMerger::make(files_->create("merged").value(),
                                         {.columns = {kColumns.begin(), kColumns.begin() + 2}});
    const auto other = merger->add("other.parquet", file_of("a", {1}));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind, ErrorKind::bad_data);
    EXPECT_THAT(other.error().message, testing::HasSubstr("other.parquet"));
    EXPECT_FALSE(merger->add("garbage", "PAR1 garbage"));
}

TEST_F(FileMergerTest, a_flipped_bit_inside_a_page_is_found) {
    std::string bytes = file_of("a", {1, 2, 3, 4, 5, 6, 7, 8});
    bytes[40] = static_cast<char>(bytes[40] ^ 4);
    const auto merger = FileMerger::make(files_->create("merged").value(), {.columns = kColumns});
    EXPECT_FALSE(merger->add("a", bytes));
}

}  // namespace
}  // namespace bassline::parquet
