// SPDX-License-Identifier: Apache-2.0
#include "parquet/file_writer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/statistics.h>

#include "base/failpoint.hpp"
#include "base/test_folder.hpp"
#include "storage/local_file_system.hpp"

namespace bassline::parquet {
namespace {

using event::Layout;
using event::Type;

// A row's text, or none.
using Rows = std::vector<std::optional<std::string>>;

constexpr ColumnSpec kCoded{"coded", Type::text, false, Layout::dictionary, false};
constexpr ColumnSpec kPlain{"plain", Type::text, false, Layout::plain, false};

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

TEST_F(FileWriterTest, a_damaged_page_does_not_pass_for_its_checksum) {
    Coded coded(3);
    for (std::uint32_t i = 0; i < 1000; ++i) coded.add(i % 3);
    write({kCoded}, coded.codes.size(), {coded.chunk()});
    std::string bytes = files_->read("file").value();
    const auto page = chunk(0);
    const std::int64_t end = page->dictionary_page_offset() + page->total_compressed_size();
    bytes[static_cast<std::size_t>(end - 1)] ^= 1;
    ::parquet::ReaderProperties properties;
    properties.set_page_checksum_verification(true);
    ::parquet::arrow::FileReaderBuilder builder;
    const auto buffer = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
    ASSERT_TRUE(builder.Open(buffer, properties).ok());
    const auto read = builder.Build().ValueOrDie()->ReadTable();
    ASSERT_FALSE(read.ok());
    EXPECT_THAT(read.status().ToString(), testing::HasSubstr("CRC"));
}

TEST_F(FileWriterTest, a_row_group_that_failed_leaves_nothing_to_the_next_file) {
    constexpr std::uint32_t kRows = 1000;
    const ColumnSpec repaired{"repaired", Type::text, false, Layout::dictionary, false};
    Coded coded(3);
    for (std::uint32_t row = 0; row < kRows; ++row) coded.add(row % 3);
    const std::vector<std::uint32_t> mapped{0, 1, 2};
    const Texts again{coded.codes.data(), coded.views, mapped.data()};
    std::string noise(1u << 20, '\0');  // more than is kept back before it is written
    std::uint64_t state = 1;
    for (char& byte : noise) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        byte = static_cast<char>(state >> 56);
    }
    std::vector<std::string_view> large;
    for (std::uint32_t row = 0; row < kRows; ++row) {
        large.push_back(std::string_view(noise).substr(std::size_t{row} * 1024, 1024));
    }

    auto writer =
        FileWriter::make(files_->create("failing").value(), {kCoded, kPlain, repaired}, {}).value();
    setenv("BASSLINE_FAILPOINTS", "storage.append=eio", 1);
    ASSERT_TRUE(arm_failpoints_from_environment());
    unsetenv("BASSLINE_FAILPOINTS");
    EXPECT_FALSE(writer->write_row_group(
        kRows, std::vector<ColumnChunk>{coded.chunk(), Strings{large}, again}));
    failpoints_armed = false;

    for (std::uint32_t& code : coded.codes) code = 2 - code;  // other rows at the same place
    write({kCoded, repaired}, kRows, {coded.chunk(), again});
    EXPECT_EQ(texts(0), coded.rows());
    EXPECT_EQ(texts(1), coded.rows());
}

TEST_F(FileWriterTest, runs_and_literals_of_every_width_and_length_read_back) {
    std::uint64_t state = 1;
    for (std::uint32_t count = 1; count < 70'000; count = count * 2 + 1) {
        Coded coded(count);
        for (std::uint32_t i = 0; i < 600; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            const auto random = static_cast<std::uint32_t>(state >> 33);
            coded.add(random % 11 == 0 ? kNullCode : random % count, random % 19 == 0 ? 23 : 1);
        }
        for (std::uint32_t code = 0; code < count; ++code) coded.add(code);
        write({kCoded}, coded.codes.size(), {coded.chunk()});
        ASSERT_EQ(texts(0), coded.rows()) << count;
        EXPECT_TRUE(chunk(0)->has_dictionary_page());
    }
}

TEST_F(FileWriterTest, any_number_of_rows_reads_back) {
    Coded coded(3);
    for (std::uint32_t rows = 1; rows < 40; ++rows) {
        coded.add(rows % 5 == 0 ? kNullCode : rows * rows % 3);
        write({kCoded}, rows, {coded.chunk()});
        ASSERT_EQ(texts(0), coded.rows()) << rows;
    }
}

TEST_F(FileWriterTest, a_required_column_has_no_levels) {
    Coded coded(2);
    for (std::uint32_t row = 0; row < 100; ++row) coded.add(row % 2);
    ColumnSpec required = kCoded;
    required.required = true;
    write({required}, 100, {coded.chunk()});
    EXPECT_EQ(texts(0), coded.rows());
    EXPECT_FALSE(table_->field(0)->nullable());
}

TEST_F(FileWriterTest, many_rows_become_several_pages) {
    Coded coded(70'000);
    for (std::uint32_t row = 0; row < 1'000'000; ++row) {
        coded.add(row % 7 == 0 ? kNullCode : row * 7919 % 70'000);
    }
    write({kCoded}, coded.codes.size(), {coded.chunk()});
    EXPECT_TRUE(texts(0) == coded.rows());
}

TEST_F(FileWriterTest, a_mapped_column_reads_back_whether_or_not_it_equals_the_raw_one) {
    Coded coded(4);
    for (std::uint32_t row = 0; row < 50; ++row) coded.add(row % 6 == 5 ? kNullCode : row % 4);
    const std::uint32_t same[] = {0, 1, 2, 3};
    const std::uint32_t other[] = {0, 3, kNullCode, 3};
    Texts equal = coded.chunk();
    equal.mapped = same;
    Texts different = coded.chunk();
    different.mapped = other;
    ColumnSpec second = kCoded;
    second.name = "second";
    ColumnSpec third = kCoded;
    third.name = "third";
    write({kCoded, second, third}, 50, {coded.chunk(), equal, different}, 2);
    Rows expected = coded.rows();
    for (const int group : {0, 1}) {
        (void)group;
        for (std::size_t row = 0; row < 50; ++row) {
            const std::uint32_t code = coded.codes[row];
            const std::uint32_t to = code == kNullCode ? kNullCode : other[code];
            const std::size_t at = static_cast<std::size_t>(group) * 50 + row;
            ASSERT_EQ(texts(0)[at], expected[row]);
            ASSERT_EQ(texts(1)[at], expected[row]);
            ASSERT_EQ(texts(2)[at],
                      to == kNullCode ? std::nullopt : std::optional(coded.texts[to]));
        }
    }
}

TEST_F(FileWriterTest, two_mapped_columns_are_not_taken_for_one) {
    Coded coded(2);
    for (std::uint32_t row = 0; row < 50; ++row) coded.add(row % 2);
    const std::uint32_t to_second[] = {1, 1};
    const std::uint32_t to_itself[] = {0, 1};
    Texts first = coded.chunk();
    first.mapped = to_second;
    Texts second = coded.chunk();
    second.mapped = to_itself;
    ColumnSpec other = kCoded;
    other.name = "other";
    write({kCoded, other}, 50, {first, second});
    EXPECT_EQ(texts(0), Rows(50, "value 1"));
    EXPECT_EQ(texts(1), coded.rows());
}

TEST_F(FileWriterTest, a_required_column_without_a_value_is_refused) {
    Coded coded(1);
    coded.add(0, 9);
    coded.add(kNullCode);
    ColumnSpec required = kCoded;
    required.required = true;
    auto writer = FileWriter::make(files_->create("file").value(), {required}, {}).value();
    const auto written = writer->write_row_group(10, std::vector<ColumnChunk>{coded.chunk()});
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, testing::HasSubstr("required"));
}

TEST_F(FileWriterTest, a_dictionary_that_is_too_large_gives_way_to_texts_in_full) {
    Coded coded(20, std::size_t{1} << 20);
    for (std::uint32_t row = 0; row < 40; ++row) coded.add(row % 3 == 0 ? kNullCode : row % 20);
    write({kCoded}, 40, {coded.chunk()});
    EXPECT_TRUE(texts(0) == coded.rows());
    EXPECT_FALSE(chunk(0)->has_dictionary_page());
}

TEST_F(FileWriterTest, packed_texts_read_back_over_pages) {
    std::string bytes;
    std::vector<std::uint32_t> starts{0};
    std::vector<std::uint32_t> present;
    Rows expected;
    for (std::size_t row = 0; row < 20'000; ++row) {
        const bool has_text = row % 3 != 1;
        const std::string text = fmt::format("{} {}", row, std::string(row % 200, 'y'));
        if (has_text) bytes += text;
        expected.push_back(has_text ? std::optional(text) : std::nullopt);
        starts.push_back(static_cast<std::uint32_t>(bytes.size()));
        present.push_back(has_text ? 6 : 2);
    }
    const Packed packed{starts.data(), bytes, present.data(), 4};
    ColumnSpec second = kPlain;
    second.name = "second";
    write({kPlain, second}, 20'000, {packed, packed});
    for (const int column : {0, 1}) {
        EXPECT_TRUE(texts(column) == expected);
        const auto pages = reader_->parquet_reader()->RowGroup(0)->GetColumnPageReader(column);
        int count = 0;
        int rows = 0;
        int nulls = 0;
        while (const auto page = pages->NextPage()) {
            const auto data = std::dynamic_pointer_cast<::parquet::DataPageV2>(page);
            ASSERT_NE(data, nullptr);
            ++count;
            rows += data->num_rows();
            nulls += data->num_nulls();
        }
        EXPECT_GT(count, 1);
        EXPECT_EQ(rows, 20'000);
        EXPECT_EQ(nulls, 6'667);
    }
    EXPECT_EQ(chunk(0)->total_compressed_size(), chunk(1)->total_compressed_size());
}

TEST_F(FileWriterTest, a_chunk_that_comes_again_reads_back_in_a_required_and_an_optional_column) {
    constexpr std::size_t kRows = 100'000;
    Coded coded(1000);
    std::string bytes;
    std::vector<std::uint32_t> starts{0};
    const std::vector<std::uint32_t> present(kRows, 1);
    Rows packed;
    for (std::size_t row = 0; row < kRows; ++row) {
        coded.add(static_cast<std::uint32_t>(row * row % 1000));
        packed.emplace_back(fmt::format("text {}", row * 7919));
        bytes += *packed.back();
        starts.push_back(static_cast<std::uint32_t>(bytes.size()));
    }
    std::vector<std::uint32_t> mapped(1000);
    for (std::uint32_t code = 0; code < 1000; ++code) mapped[code] = code;
    Texts again = coded.chunk();
    again.mapped = mapped.data();
    const Packed plain{starts.data(), bytes, present.data(), 1};
    std::vector<ColumnSpec> columns{kCoded, kPlain, kCoded, kPlain};
    columns[0].required = columns[1].required = true;
    columns[2].name = "coded_again";
    columns[3].name = "plain_again";
    write(columns, kRows, {coded.chunk(), plain, again, plain});
    for (const int column : {0, 1, 2, 3}) {
        EXPECT_TRUE(texts(column) == (column % 2 == 0 ? coded.rows() : packed)) << column;
        EXPECT_EQ(table_->field(column)->nullable(), column >= 2);
    }
    for (const int column : {0, 1}) {  // the twin's pages have levels too, and nothing else
        const std::int64_t twin = chunk(column + 2)->total_compressed_size();
        EXPECT_GT(twin, chunk(column)->total_compressed_size());
        EXPECT_LT(twin, chunk(column)->total_compressed_size() + 100);
    }
}

TEST_F(FileWriterTest, packed_texts_may_all_be_missing_or_none_and_be_empty) {
    const std::vector<std::uint32_t> none(301, 0);
    const std::vector<std::uint32_t> masks(300, 2);
    std::vector<std::uint32_t> starts{0};
    std::string bytes;
    Rows expected;
    for (std::size_t row = 0; row < 300; ++row) {
        expected.emplace_back(std::string(row % 5, 'z'));
        bytes += *expected.back();
        starts.push_back(static_cast<std::uint32_t>(bytes.size()));
    }
    ColumnSpec missing = kPlain;
    missing.name = "missing";
    write(
        {kPlain, missing}, 300,
        {Packed{starts.data(), bytes, masks.data(), 2}, Packed{none.data(), "", masks.data(), 4}});
    EXPECT_TRUE(texts(0) == expected);
    EXPECT_TRUE(texts(1) == Rows(300));
    write({kPlain}, 0, {Packed{none.data(), "", nullptr, 0}});
    EXPECT_EQ(table_->num_rows(), 0);
}

TEST_F(FileWriterTest, constants_and_nulls_read_back_as_columns_of_codes) {
    ColumnSpec nulls = kCoded;
    nulls.name = "nulls";
    const ColumnSpec number{"number", Type::int32, false, Layout::dictionary, false};
    const ColumnSpec plain_nulls{"plain_nulls", Type::text, false, Layout::plain, false};
    write({kCoded, nulls, number, plain_nulls}, 9,
          {Constant{std::string_view("always")}, Nulls{}, Nulls{}, Nulls{}});
    EXPECT_EQ(texts(0), Rows(9, "always"));
    for (const int column : {1, 2, 3}) EXPECT_EQ(table_->column(column)->null_count(), 9);
    EXPECT_TRUE(chunk(1)->has_dictionary_page());
    EXPECT_FALSE(chunk(3)->has_dictionary_page());
}

// More rows than a page holds; each row's own number, or the same in all.
TEST_F(FileWriterTest, required_integers_of_any_size_read_back_with_what_readers_prune_by) {
    const ColumnSpec big{"big", Type::int64, true, Layout::delta, true};
    const ColumnSpec small{"small", Type::int32, true, Layout::delta, true};
    const ColumnSpec same{"same", Type::timestamp, true, Layout::delta, true};
    const ColumnSpec same_small{"same_small", Type::int32, true, Layout::delta, true};
    constexpr std::size_t kRows = 300'000;
    std::vector<std::int64_t> bigs(kRows);
    std::vector<std::int32_t> smalls(kRows);
    for (std::size_t row = 0; row < kRows; ++row) {
        bigs[row] = static_cast<std::int64_t>(row * row % 1'000'003) * 1'000'000'007 - 5;
        smalls[row] = static_cast<std::int32_t>(row * 7919 % 65'537) - 40'000;
    }
    write({big, small, same, same_small}, kRows,
          {Flat{bigs.data()}, Flat{smalls.data()}, Constant{std::int64_t{1'700'000'000'000'000}},
           Constant{std::int64_t{-3}}},
          2);
    const auto int64s = [&](int column) {
        return static_cast<const arrow::Int64Array&>(*table_->column(column)->chunk(0))
            .raw_values();
    };
    const auto int32s = [&](int column) {
        return static_cast<const arrow::Int32Array&>(*table_->column(column)->chunk(0))
            .raw_values();
    };
    ASSERT_EQ(table_->num_rows(), static_cast<std::int64_t>(2 * kRows));
    for (std::size_t row = 0; row < 2 * kRows; ++row) {
        ASSERT_EQ(int64s(0)[row], bigs[row % kRows]) << row;
        ASSERT_EQ(int32s(1)[row], smalls[row % kRows]) << row;
        ASSERT_EQ(int64s(2)[row], 1'700'000'000'000'000) << row;
        ASSERT_EQ(int32s(3)[row], -3) << row;
    }
    const auto min_and_max = [&](int column) {
        const auto statistics = chunk(column)->statistics();
        EXPECT_EQ(statistics->null_count(), 0);
        const auto number = [](const std::string& bytes) {
            std::int64_t wide = 0;
            std::int32_t narrow = 0;
            if (bytes.size() == sizeof narrow) {
                std::memcpy(&narrow, bytes.data(), sizeof narrow);
                return std::int64_t{narrow};
            }
            std::memcpy(&wide, bytes.data(), sizeof wide);
            return wide;
        };
        return std::pair(number(statistics->EncodeMin()), number(statistics->EncodeMax()));
    };
    EXPECT_EQ(min_and_max(0), (std::pair<std::int64_t, std::int64_t>(std::ranges::min(bigs),
                                                                     std::ranges::max(bigs))));
    EXPECT_EQ(min_and_max(1), (std::pair<std::int64_t, std::int64_t>(-40'000, 25'536)));
    EXPECT_EQ(min_and_max(2), (std::pair<std::int64_t, std::int64_t>(1'700'000'000'000'000,
                                                                     1'700'000'000'000'000)));
    EXPECT_EQ(min_and_max(3), (std::pair<std::int64_t, std::int64_t>(-3, -3)));
}

TEST_F(FileWriterTest, texts_that_readers_prune_by_have_statistics) {
    Coded coded(3);
    for (const std::uint32_t code : {2u, 1u, kNullCode, 1u}) coded.add(code);
    ColumnSpec pruned = kCoded;
    pruned.statistics = true;
    write({pruned}, 4, {coded.chunk()});
    const auto statistics = chunk(0)->statistics();
    EXPECT_EQ(statistics->EncodeMin(), "value 1");
    EXPECT_EQ(statistics->EncodeMax(), "value 2");
    EXPECT_EQ(statistics->null_count(), 1);
}

TEST_F(FileWriterTest, metadata_and_every_row_group_are_in_the_footer) {
    Coded coded(1);
    coded.add(0, 5);
    write({kCoded}, 5, {coded.chunk()}, 3);
    const auto metadata = reader_->parquet_reader()->metadata();
    EXPECT_EQ(metadata->num_row_groups(), 3);
    EXPECT_EQ(metadata->num_rows(), 15);
    EXPECT_EQ(metadata->key_value_metadata()->Get("key").ValueOrDie(), "value");
    EXPECT_EQ(chunk(0)->compression(), ::parquet::Compression::ZSTD);
}

}  // namespace
}  // namespace bassline::parquet
