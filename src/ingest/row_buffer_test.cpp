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

}  // namespace
}  // namespace bassline::ingest
