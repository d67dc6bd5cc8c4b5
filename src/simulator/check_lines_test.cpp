// SPDX-License-Identifier: Apache-2.0
#include "simulator/check_lines.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

namespace bassline::simulator {
namespace {

using testing::ElementsAre;

class CheckLinesTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(path_); }

    void write(std::string_view bytes) { std::ofstream(path_, std::ios::binary) << bytes; }

    static std::string gzip(const std::string& text) {
        std::string bytes(compressBound(text.size()) + 64, '\0');
        z_stream state{};
        deflateInit2(&state, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
        state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        state.avail_in = static_cast<uInt>(text.size());
        state.next_out = reinterpret_cast<Bytef*>(bytes.data());
        state.avail_out = static_cast<uInt>(bytes.size());
        deflate(&state, Z_FINISH);
        bytes.resize(state.total_out);
        deflateEnd(&state);
        return bytes;
    }
    static std::string zstd(const std::string& text) {
        std::string bytes(ZSTD_compressBound(text.size()), '\0');
        bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), 3));
        return bytes;
    }

    // All lines, and the error that ended them.
    std::vector<std::string> lines() {
        std::vector<std::string> result;
        auto opened = CheckLines::open(path_);
        if (!opened) return {opened.error().message};
        std::string_view line;
        while (true) {
            auto is_there = opened.value().next(line);
            if (!is_there) {
                result.push_back(is_there.error().message);
                return result;
            }
            if (!is_there.value()) return result;
            result.emplace_back(line);
        }
    }

    std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                  ("check_lines_" + std::to_string(::getpid()) + ".ndjson");
};

TEST_F(CheckLinesTest, PlainGzipAndZstdGiveTheSameLinesWithOrWithoutALastLineFeed) {
    const std::string text = "one\n\nthree";
    for (const std::string& bytes :
         {text, text + "\n", gzip(text), gzip("one\n") + gzip("\nthree\n"), zstd(text),
          zstd("one\n") + zstd("\nthree\n")}) {
        write(bytes);
        EXPECT_THAT(lines(), ElementsAre("one", "", "three"));
    }
}

TEST_F(CheckLinesTest, LinesMayBeLongerThanTheBuffer) {
    const std::string line(3'000'000, 'x');
    write(line + "\n" + line + "y\n");
    EXPECT_THAT(lines(), ElementsAre(line, line + "y"));
}

TEST_F(CheckLinesTest, AFileWithoutLineFeedsIsNotReadWhole) {
    write(std::string(70u << 20, 'x'));
    EXPECT_THAT(lines(), ElementsAre(testing::HasSubstr("not a file of events")));
}

TEST_F(CheckLinesTest, ACompressedFileThatIsCutShortIsDamaged) {
    for (const std::string& bytes : {gzip("one\ntwo\n"), zstd("one\ntwo\n")}) {
        write(bytes.substr(0, bytes.size() - 6));
        EXPECT_THAT(lines().back(), testing::HasSubstr("is damaged"));
    }
}

TEST_F(CheckLinesTest, AnEmptyFileHasNoLines) {
    write("");
    EXPECT_TRUE(lines().empty());
}

TEST_F(CheckLinesTest, AMissingFileIsNotFound) {
    EXPECT_EQ(CheckLines::open("no/such/file").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace bassline::simulator
