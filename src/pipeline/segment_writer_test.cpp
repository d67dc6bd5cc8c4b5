// SPDX-License-Identifier: Apache-2.0
#include "pipeline/segment_writer.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace bassline::pipeline {
namespace {

class SegmentWriterTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "segments-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<SegmentWriter> open(std::uint64_t number = 1) {
        auto writer = SegmentWriter::open(folder_, number);
        EXPECT_TRUE(writer) << writer.error().message;
        return std::move(writer).value();
    }
    static void write(SegmentWriter& writer, std::string_view text, std::int64_t ts_ms) {
        const std::array marks{simulator::RecordMark{
            .end = text.size(), .ts_ms = ts_ms, .user = 0, .topic = event::kTopics[0]}};
        ASSERT_TRUE(writer.write(0, {.text = text, .marks = marks}));
    }
    std::string content(std::uint64_t number) const {
        std::ostringstream text;
        text << std::ifstream(folder_ + "/" + segment_name(number)).rdbuf();
        return text.str();
    }

    std::string folder_;
};

TEST_F(SegmentWriterTest, what_is_flushed_can_be_read) {
    const auto writer = open();
    write(*writer, "one\n", 5);
    ASSERT_TRUE(writer->flush());
    EXPECT_EQ(content(1), "one\n");
    EXPECT_EQ(writer->newest_event_ms(), 5);
}

TEST_F(SegmentWriterTest, rotation_begins_the_next_segment) {
    const auto writer = open();
    write(*writer, "one\n", 5);
    ASSERT_TRUE(writer->rotate());
    write(*writer, "two\n", 6);
    ASSERT_TRUE(writer->finish());
    EXPECT_EQ(content(1), "one\n");
    EXPECT_EQ(content(2), "two\n");
    EXPECT_EQ(writer->bytes(), 4U);
}

TEST_F(SegmentWriterTest, a_segment_cut_short_anywhere_is_completed_when_written_again) {
    const std::string whole = "first\nsecond\nthird\n";
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        std::ofstream(folder_ + "/" + segment_name(1), std::ios::trunc) << whole.substr(0, cut);
        const auto writer = open();
        EXPECT_EQ(writer->bytes_to_repeat(), cut);
        write(*writer, "first\n", 1);
        ASSERT_TRUE(writer->flush());
        write(*writer, "second\nthird\n", 2);
        ASSERT_TRUE(writer->flush());
        EXPECT_EQ(writer->bytes_to_repeat(), 0U);
        EXPECT_EQ(content(1), whole) << cut;
    }
}

TEST_F(SegmentWriterTest, other_bytes_than_those_standing_are_a_conflict_and_change_nothing) {
    std::ofstream(folder_ + "/" + segment_name(1)) << "first\n";
    const auto writer = open();
    write(*writer, "fourth\n", 1);
    const auto flushed = writer->flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().kind, ErrorKind::conflict);
    EXPECT_EQ(content(1), "first\n");
}

}  // namespace
}  // namespace bassline::pipeline
