// SPDX-License-Identifier: Apache-2.0
#include "parquet/file_writer.hpp"

#include <cstdlib>

#include "base/failpoint.hpp"
#include "parquet/test_file_writer.hpp"

namespace bassline::parquet {
namespace {

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
