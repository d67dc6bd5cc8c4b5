// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_buffer.hpp"

#include <string>

#include <gtest/gtest.h>

namespace bassline::ingest {
namespace {

using event::Column;

TEST(RowBuffer, a_text_longer_than_all_before_it_has_room) {
    RowBuffer buffer(event::Topic::listen_events, Origin::file);
    buffer.set_packed(event::bit_of(Column::song));
    std::string expected;
    for (const std::size_t size : {900u, 5'000u, 40'000u, 1u, 300'000u}) {
        const std::string text(size, static_cast<char>('a' + size % 26));
        const std::string padded = text + std::string(event::kTextPadding, '!');
        event::Fields fields;
        fields.present = event::bit_of(Column::song);
        fields[Column::song].text = {padded.data(), static_cast<std::uint32_t>(size), false};
        buffer.append(fields, {}, {});
        expected += text;
        EXPECT_EQ(buffer.packed_texts(Column::song), expected);
    }
    EXPECT_EQ(buffer.rows(), 5u);
}

TEST(RowBuffer, room_for_a_size_holds_so_much_without_growing) {
    RowBuffer buffer(event::Topic::listen_events, Origin::file);
    buffer.set_packed(event::bit_of(Column::song));
    const std::string padded(100 + event::kTextPadding, 's');
    event::Fields fields;
    fields.present = event::bit_of(Column::song);
    fields[Column::song].text = {padded.data(), 100, false};
    buffer.append(fields, {}, {});
    buffer.forget_rows();  // room that is there already is used or replaced

    RowBuffer::Size size{.rows = 1'000};
    size.include({.rows = 10});
    size.text_bytes[event::index_of(Column::song)] = 100'000;
    buffer.reserve_like(size);
    const std::size_t bytes = buffer.bytes();
    EXPECT_GE(bytes, buffer.bytes_of(size));
    for (int row = 0; row < 1'000; ++row) buffer.append(fields, {}, {});
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_EQ(buffer.size().rows, 1'000u);
    EXPECT_EQ(buffer.packed_texts(Column::song), std::string(100'000, 's'));
}

// Whether songs are packed after 40,000 lines of which `percent` of 100 bring a new one.
bool are_packed(int percent) {
    constexpr int kLines = 40'000;
    Interners interners;
    for (int line = 0; line < kLines; ++line) {
        const std::string song = std::to_string(line % 100 < percent ? line : 0);
        const std::string padded = song + std::string(event::kTextPadding, '!');
        event::Line decoded;
        decoded.format = event::InputFormat::topics;
        decoded.fields.present = event::bit_of(Column::song);
        decoded.fields[Column::song].text = {padded.data(), static_cast<std::uint32_t>(song.size()),
                                             false};
        Interners::Lookup lookup;
        RowCodes codes;
        interners.begin(decoded, lookup);
        interners.finish(decoded, ~std::uint32_t{0}, lookup, codes);
    }
    interners.find_packed();
    return (interners.packed() & event::bit_of(Column::song)) != 0;
}

TEST(Interners, pack_a_column_of_which_45_of_100_texts_differ) {
    EXPECT_FALSE(are_packed(1));
    EXPECT_FALSE(are_packed(44));
    EXPECT_TRUE(are_packed(46));
    EXPECT_TRUE(are_packed(100));
}

}  // namespace
}  // namespace bassline::ingest
