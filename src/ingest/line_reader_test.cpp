// SPDX-License-Identifier: Apache-2.0
#include "ingest/line_reader.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

namespace bassline::ingest {
namespace {

// Bytes in portions of any size, then the end or damage.
class MemoryStream : public ByteStream {
public:
    MemoryStream(std::string bytes, std::size_t portion, bool damaged)
        : bytes_(std::move(bytes)), portion_(portion), damaged_(damaged) {}
    Encoding encoding() const override { return Encoding::plain; }
    std::uint64_t input_bytes() const override { return at_; }
    Result<Read> read(char* to, std::size_t bytes) override {
        const std::size_t count = std::min({bytes, portion_, bytes_.size() - at_});
        if (count == 0 && damaged_) return error(ErrorKind::bad_data, "broken");
        std::memcpy(to, bytes_.data() + at_, count);
        at_ += count;
        return Read{.bytes = count, .ended = count == 0};
    }

private:
    std::string bytes_;
    std::size_t portion_;
    bool damaged_;
    std::size_t at_ = 0;
};

LineReader reader_of(const std::string& bytes, std::size_t portion = 7, bool damaged = false) {
    return {std::make_unique<MemoryStream>(bytes, portion, damaged), 3, 0};
}

struct Seen {
    std::string blocks;
    std::vector<std::uint64_t> oversize;  // their lengths
    LineReader::Next last = LineReader::Next::idle;
};

Seen read_all(LineReader& reader) {
    Seen seen;
    while (true) {
        seen.last = reader.next().value();
        if (seen.last == LineReader::Next::block) {
            EXPECT_EQ(reader.block().bytes.back(), '\n');
            EXPECT_EQ(reader.block().offset + reader.block().bytes.size(), reader.consumed());
            seen.blocks += reader.block().bytes;
        } else if (seen.last == LineReader::Next::oversize) {
            EXPECT_EQ(reader.refused().raw_prefix.size(), kLineBytesMax);
            seen.oversize.push_back(reader.refused().raw_bytes);
        } else {
            return seen;
        }
    }
}

TEST(LineReader, blocks_hold_whole_lines_in_order_whatever_the_portions) {
    std::string lines;
    for (int i = 0; i < 500; ++i)
        lines += std::string(static_cast<std::size_t>(i % 60), 'x') + "\n";
    for (const std::size_t portion : {1UL, 7UL, 4096UL, 1UL << 22}) {
        LineReader reader = reader_of(lines, portion);
        const Seen seen = read_all(reader);
        EXPECT_EQ(seen.blocks, lines);
        EXPECT_EQ(seen.last, LineReader::Next::ended);
        EXPECT_EQ(reader.lines(), 500U);
        EXPECT_EQ(reader.hash(), xxh64_hex(lines));
        EXPECT_EQ(reader.tail_bytes(), 0U);
    }
}

TEST(LineReader, what_follows_the_last_newline_is_the_callers_to_decide) {
    LineReader reader = reader_of("a\nbcd");
    EXPECT_EQ(read_all(reader).blocks, "a\n");
    EXPECT_EQ(reader.tail(), "bcd");
    EXPECT_EQ(reader.consumed(), 2U);
    EXPECT_EQ(reader.take_tail().bytes, "bcd");
    EXPECT_EQ(reader.consumed(), 5U);
    EXPECT_EQ(reader.lines(), 2U);
}

TEST(LineReader, the_longest_line_is_a_line_and_one_byte_more_is_oversize) {
    const std::string longest(kLineBytesMax, 'x');
    LineReader fits = reader_of(longest + "\nb\n", 1 << 16);
    EXPECT_EQ(read_all(fits).blocks, longest + "\nb\n");
    LineReader over = reader_of("a\n" + longest + "y\nb\n", 1 << 16);
    const Seen seen = read_all(over);
    EXPECT_EQ(seen.blocks, "a\nb\n");
    ASSERT_EQ(seen.oversize.size(), 1U);
    EXPECT_EQ(seen.oversize[0], kLineBytesMax + 1);
    EXPECT_EQ(over.lines(), 3U);
    EXPECT_EQ(over.consumed(), longest.size() + 6);
    EXPECT_EQ(over.hash(), xxh64_hex("a\n" + longest + "y\nb\n"));
}

TEST(LineReader, a_long_line_without_end_is_not_consumed) {
    LineReader reader = reader_of("a\n" + std::string(3 * kLineBytesMax, 'x'), 1 << 16);
    EXPECT_EQ(read_all(reader).last, LineReader::Next::ended);
    EXPECT_TRUE(reader.inside_long_line());
    EXPECT_EQ(reader.tail_bytes(), 3 * kLineBytesMax);
    EXPECT_EQ(reader.consumed(), 2U);
    EXPECT_EQ(reader.hash(), xxh64_hex("a\n"));
    LineReader before = reader_of("a\n");
    read_all(before);
    EXPECT_EQ(reader.fingerprint(), before.fingerprint());
    EXPECT_EQ(reader.refuse_tail("cut").raw_bytes, 3 * kLineBytesMax);
    EXPECT_EQ(reader.consumed(), 2 + 3 * kLineBytesMax);
    EXPECT_EQ(reader.hash(), xxh64_hex("a\n" + std::string(3 * kLineBytesMax, 'x')));
}

TEST(LineReader, lines_before_damage_are_handed_out) {
    LineReader reader = reader_of("a\nb\nhalf", 3, true);
    const Seen seen = read_all(reader);
    EXPECT_EQ(seen.blocks, "a\nb\n");
    EXPECT_EQ(seen.last, LineReader::Next::damaged);
    EXPECT_EQ(reader.damage().message, "broken");
    EXPECT_EQ(reader.tail(), "half");
}

TEST(LineReader, what_was_read_before_is_skipped_but_counts_in_the_fingerprint) {
    LineReader again = reader_of("a\nb\nc\n");
    ASSERT_TRUE(again.skip_to(4).value());
    again.start_range();
    EXPECT_EQ(read_all(again).blocks, "c\n");
    LineReader once = reader_of("a\nb\nc\n");
    read_all(once);
    EXPECT_EQ(again.fingerprint(), once.fingerprint());
    EXPECT_EQ(again.hash(), xxh64_hex("c\n"));
    LineReader shorter = reader_of("a\n");
    EXPECT_FALSE(shorter.skip_to(4).value());
}

}  // namespace
}  // namespace bassline::ingest
