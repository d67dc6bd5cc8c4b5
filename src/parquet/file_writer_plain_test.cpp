// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include "parquet/test_file_writer.hpp"

// Columns without codes: numbers, and texts that hardly repeat.
namespace bassline::parquet {
namespace {

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
        return table_->column(column)->chunk(0)->data()->GetValues<std::int64_t>(1);
    };
    const auto int32s = [&](int column) {
        return table_->column(column)->chunk(0)->data()->GetValues<std::int32_t>(1);
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

// What a reader finds in the pages of a column: version, encoding, rows.
TEST_F(FileWriterTest, required_integers_are_delta_pages_of_at_most_a_mebibyte_of_values) {
    const ColumnSpec big{"big", Type::int64, true, Layout::delta, false};
    const ColumnSpec small{"small", Type::int32, true, Layout::delta, false};
    const ColumnSpec same{"same", Type::int64, true, Layout::delta, false};
    constexpr std::size_t kRows = 300'000;
    const std::vector<std::int64_t> bigs(kRows, 7);
    const std::vector<std::int32_t> smalls(kRows, 7);
    write({big, small, same}, kRows,
          {Flat{bigs.data()}, Flat{smalls.data()}, Constant{std::int64_t{7}}});
    const std::vector<std::vector<int>> rows_of_pages{
        {131'072, 131'072, 37'856}, {262'144, 37'856}, {300'000}};
    for (int column = 0; column < 3; ++column) {
        const auto pages = reader_->parquet_reader()->RowGroup(0)->GetColumnPageReader(column);
        std::vector<int> rows;
        while (const auto page = pages->NextPage()) {
            const auto data = std::dynamic_pointer_cast<::parquet::DataPageV2>(page);
            ASSERT_NE(data, nullptr);
            EXPECT_EQ(data->encoding(), ::parquet::Encoding::DELTA_BINARY_PACKED);
            rows.push_back(data->num_rows());
        }
        EXPECT_EQ(rows, rows_of_pages[static_cast<std::size_t>(column)]);
    }
}

TEST_F(FileWriterTest, required_integers_may_be_any_number_none_included) {
    const ColumnSpec own{"own", Type::int64, true, Layout::delta, true};
    const ColumnSpec same{"same", Type::int32, true, Layout::delta, true};
    const std::vector<std::int64_t> values(600, -5);
    for (const std::size_t rows : {0u, 1u, 2u, 33u, 128u, 129u, 130u, 256u, 257u, 258u, 600u}) {
        write({own, same}, rows, {Flat{values.data()}, Constant{std::int64_t{9}}});
        ASSERT_EQ(table_->num_rows(), static_cast<std::int64_t>(rows));
        if (rows == 0) continue;
        const auto* const owns = table_->column(0)->chunk(0)->data()->GetValues<std::int64_t>(1);
        const auto* const sames = table_->column(1)->chunk(0)->data()->GetValues<std::int32_t>(1);
        EXPECT_EQ(std::count(owns, owns + rows, -5), static_cast<std::ptrdiff_t>(rows));
        EXPECT_EQ(std::count(sames, sames + rows, 9), static_cast<std::ptrdiff_t>(rows));
    }
}

TEST_F(FileWriterTest, plain_doubles_read_back_bit_by_bit) {
    const ColumnSpec plain{"plain", Type::real, false, Layout::plain, false};
    constexpr std::size_t kRows = 200'000;
    std::vector<double> values(kRows);
    std::vector<std::uint32_t> present(kRows);
    for (std::size_t row = 0; row < kRows; ++row) {
        values[row] =
            static_cast<double>(row * 7919 % 40'009) / 10'000 - (row % 2 == 0 ? 124 : -0.0);
        present[row] = row % 11 == 3 ? 0 : 1;
    }
    write({plain}, kRows, {Flat{values.data(), present.data(), 1}});
    const auto& read = static_cast<const arrow::DoubleArray&>(*table_->column(0)->chunk(0));
    for (std::size_t row = 0; row < kRows; ++row) {
        const auto at = static_cast<std::int64_t>(row);
        ASSERT_EQ(read.IsValid(at), present[row] == 1) << row;
        if (!read.IsValid(at)) continue;
        ASSERT_EQ(read.Value(at), values[row]) << row;
    }
}

}  // namespace
}  // namespace bassline::parquet
