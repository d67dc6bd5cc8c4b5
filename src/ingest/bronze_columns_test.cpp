// SPDX-License-Identifier: Apache-2.0
#include "ingest/bronze_columns.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/text.hpp"

namespace bassline::ingest {
namespace {

using event::Column;
using testing::ElementsAre;
using testing::Optional;

// Rows of packed songs, and what the file gets as song_utf8.
class PackedSongs : public testing::Test {
protected:
    PackedSongs() { buffer_.set_packed(event::bit_of(Column::song)); }

    void append(const std::optional<std::string>& song) {
        const std::string padded = song.value_or("") + std::string(event::kTextPadding, '!');
        event::Fields fields;
        fields.present = song ? event::bit_of(Column::song) : 0;
        const auto size = static_cast<std::uint32_t>(padded.size() - event::kTextPadding);
        fields[Column::song].text = {padded.data(), size, false};
        RowCodes codes;
        codes.fill(parquet::kNullCode);
        buffer_.append(fields, codes, {});
    }

    parquet::Packed repaired() {
        const auto& chunks = columns_.chunks_of(buffer_);
        const auto specs = parquet::bronze_specs(event::Topic::listen_events);
        const auto spec = std::ranges::find(specs, "song_utf8", &parquet::ColumnSpec::name);
        return std::get<parquet::Packed>(chunks[static_cast<std::size_t>(spec - specs.begin())]);
    }
    std::vector<std::optional<std::string>> repaired_songs() {
        const parquet::Packed packed = repaired();
        std::vector<std::optional<std::string>> songs;
        for (std::size_t row = 0; row < buffer_.rows(); ++row) {
            songs.emplace_back();
            if ((packed.present[row] & packed.bit) == 0) continue;
            const std::uint32_t start = packed.starts[row];
            songs.back() = packed.bytes.substr(start, packed.starts[row + 1] - start);
        }
        return songs;
    }

    BatchContext context_;
    Interners interners_;
    BronzeColumns columns_{context_, interners_};
    RowBuffer buffer_{event::Topic::listen_events, Origin::file};
};

TEST_F(PackedSongs, are_not_copied_if_none_needs_a_repair) {
    append("Bj\u00f6rk");
    append(std::nullopt);
    append("a song of more than eight bytes");
    EXPECT_THAT(repaired_songs(), ElementsAre(Optional(std::string("Bj\u00f6rk")), std::nullopt,
                                              Optional(std::string("a song of more than eight "
                                                                   "bytes"))));
    EXPECT_EQ(repaired().bytes.data(), buffer_.packed_texts(Column::song).data());
}

TEST_F(PackedSongs, are_repaired_wherever_the_bad_one_is) {
    const std::string good = "12345678 and more";
    for (const std::string& bad :
         {std::string("Bj\u00c3\u00b6rk"), "12345678\u00c3\u00b6" + good}) {
        buffer_.clear();
        append(good);
        append(std::nullopt);
        append(bad);
        append(good);
        const std::string wanted = event::repair_utf8(bad);
        ASSERT_NE(wanted, bad);
        EXPECT_THAT(repaired_songs(),
                    ElementsAre(Optional(good), std::nullopt, Optional(wanted), Optional(good)));
    }
}

TEST_F(PackedSongs, of_nothing_but_spaces_become_none) {
    append("a");
    append(" b");
    append("  ");
    EXPECT_THAT(repaired_songs(),
                ElementsAre(Optional(std::string("a")), Optional(std::string("b")), std::nullopt));
}

TEST_F(PackedSongs, that_are_empty_become_none) {
    append("a");
    append("");
    append(std::nullopt);
    EXPECT_THAT(repaired_songs(),
                ElementsAre(Optional(std::string("a")), std::nullopt, std::nullopt));
}

// The layout of durations of which `distinct` are different; all but every `every`th row have none.
event::Layout layout_of_durations(std::int64_t distinct, int every = 1) {
    constexpr int kRows = 20'000;
    RowBuffer buffer(event::Topic::listen_events, Origin::file);
    RowCodes codes;
    codes.fill(parquet::kNullCode);
    for (int row = 0; row < kRows; ++row) {
        event::Fields fields;
        fields.present = row % every == 0 ? event::bit_of(Column::duration) : 0;
        const std::int64_t number = row % every == 0 ? row / every % distinct : row;
        fields[Column::duration].real = 60 + static_cast<double>(number) / 64;
        buffer.append(fields, codes, {});
    }
    const BatchContext context;
    Interners interners;
    const auto specs = BronzeColumns(context, interners).specs_of(buffer);
    return std::ranges::find(specs, "duration", &parquet::ColumnSpec::name)->layout;
}

TEST(BronzeNumbers, that_mostly_differ_get_no_dictionary) {
    EXPECT_EQ(layout_of_durations(1), event::Layout::dictionary);
    EXPECT_EQ(layout_of_durations(3'000), event::Layout::dictionary);
    EXPECT_EQ(layout_of_durations(6'000), event::Layout::plain);
    EXPECT_EQ(layout_of_durations(20'000), event::Layout::plain);
}

TEST(BronzeNumbers, are_judged_by_the_rows_that_have_one) {
    EXPECT_EQ(layout_of_durations(20'000, 50), event::Layout::plain);
    EXPECT_EQ(layout_of_durations(3, 2), event::Layout::dictionary);
    EXPECT_EQ(layout_of_durations(1, 20'000), event::Layout::plain);  // one of one
}

}  // namespace
}  // namespace bassline::ingest
