// SPDX-License-Identifier: Apache-2.0
#include "simulator/file_sink.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/failpoint.hpp"
#include "simulator/destination.hpp"

namespace bassline::simulator {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileSinkTest : public testing::Test {
protected:
    FileSinkTest()
        : folder_(fs::temp_directory_path() /
                  fmt::format("file_sink_{}_{}", ::getpid(),
                              testing::UnitTest::GetInstance()->current_test_info()->name())) {
        fs::remove_all(folder_);
    }
    ~FileSinkTest() override { fs::remove_all(folder_); }

    FileOutput output(Compression compression = Compression::none) const {
        return {.folder = folder_, .names = {"a.ndjson", "b.ndjson"}, .compression = compression};
    }
    std::string read(const std::string& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return std::move(text).str();
    }
    std::size_t file_count() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
    }

    fs::path folder_;
};

TEST_F(FileSinkTest, FilesAppearWholeAtTheEnd) {
    auto sink = FileSink::open(output()).value();
    ASSERT_TRUE(sink->write(0, {"one\n", {}}).has_value());
    ASSERT_TRUE(sink->flush().has_value());
    EXPECT_FALSE(fs::exists(folder_ / "a.ndjson"));
    ASSERT_TRUE(sink->write(0, {"two\n", {}}).has_value());
    ASSERT_TRUE(sink->finish().has_value());
    EXPECT_EQ(read("a.ndjson"), "one\ntwo\n");
    EXPECT_EQ(read("b.ndjson"), "");
    EXPECT_EQ(file_count(), 2u);
}

TEST_F(FileSinkTest, ASinkThatDoesNotFinishLeavesNothing) {
    {
        auto sink = FileSink::open(output()).value();
        ASSERT_TRUE(sink->write(0, {std::string(1 << 20, 'x'), {}}).has_value());
    }
    EXPECT_EQ(file_count(), 0u);
}

TEST_F(FileSinkTest, AnExistingFileIsNeverTouched) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "b.ndjson") << "precious";
    for (const bool is_live : {false, true}) {
        FileOutput wanted = output();
        wanted.is_live = is_live;
        const auto outcome = FileSink::open(wanted);
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().kind, ErrorKind::conflict);
        EXPECT_THAT(outcome.error().message, HasSubstr("b.ndjson exists"));
        fs::remove(folder_ / "a.ndjson");
    }
    EXPECT_EQ(read("b.ndjson"), "precious");
}

TEST_F(FileSinkTest, AFileThatAppearsMeanwhileIsNotOverwritten) {
    auto sink = FileSink::open(output()).value();
    std::ofstream(folder_ / "a.ndjson") << "precious";
    const auto outcome = sink->finish();
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::conflict);
    EXPECT_EQ(read("a.ndjson"), "precious");
}

TEST_F(FileSinkTest, CompleteFilesThatCannotBeNamedStayAndTheErrorSaysWhere) {
    {
        auto sink = FileSink::open(output()).value();
        ASSERT_TRUE(sink->write(0, {"one\n", {}}).has_value());
        ASSERT_TRUE(sink->write(1, {"two\n", {}}).has_value());
        ::setenv("BASSLINE_FAILPOINTS", "storage.rename_no_replace=eio@1", 1);
        ASSERT_TRUE(arm_failpoints_from_environment().has_value());
        const auto outcome = sink->finish();
        ::unsetenv("BASSLINE_FAILPOINTS");
        ASSERT_TRUE(arm_failpoints_from_environment().has_value());
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().kind, ErrorKind::io);
        EXPECT_THAT(outcome.error().message, HasSubstr(".a.ndjson.partial"));
    }
    EXPECT_EQ(read(".a.ndjson.partial"), "one\n");
    EXPECT_EQ(read(".b.ndjson.partial"), "two\n");
}

TEST_F(FileSinkTest, TwoRunsDoNotWriteTheSameFiles) {
    auto sink = FileSink::open(output()).value();
    const auto second = FileSink::open(output());
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error().message, HasSubstr("is being written by another process"));
}

TEST_F(FileSinkTest, LiveFilesAreReadableAfterAFlush) {
    FileOutput live = output();
    live.is_live = true;
    auto sink = FileSink::open(live).value();
    ASSERT_TRUE(sink->write(1, {"now\n", {}}).has_value());
    ASSERT_TRUE(sink->flush().has_value());
    EXPECT_EQ(read("b.ndjson"), "now\n");
    EXPECT_EQ(sink->sizes(), (std::vector<std::uint64_t>{0, 4}));
}

TEST_F(FileSinkTest, ARunThatGoesOnCutsWhatItDoesNotKnow) {
    FileOutput live = output();
    live.is_live = true;
    {
        auto sink = FileSink::open(live).value();
        ASSERT_TRUE(sink->write(0, {"one\ntwo\nthr", {}}).has_value());
        ASSERT_TRUE(sink->write(1, {"b\n", {}}).has_value());
        ASSERT_TRUE(sink->flush().has_value());
    }
    live.resume_at = {4, 2};
    auto sink = FileSink::open(live).value();
    ASSERT_TRUE(sink->write(0, {"TWO\n", {}}).has_value());
    ASSERT_TRUE(sink->finish().has_value());
    EXPECT_EQ(read("a.ndjson"), "one\nTWO\n");
    EXPECT_EQ(read("b.ndjson"), "b\n");

    live.resume_at = {8, 0};
    ASSERT_TRUE(FileSink::open(live).has_value());  // nothing of b is known: all of it goes
    EXPECT_EQ(read("b.ndjson"), "");
    live.resume_at = {100, 2};
    const auto outcome = FileSink::open(live);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_THAT(outcome.error().message, HasSubstr("the checkpoint knows of 100"));
}

// Compressible and not: megabytes of numbers.
std::string long_text() {
    std::string text;
    for (std::uint64_t i = 1; text.size() < (3u << 20); ++i) {
        text += fmt::format("{:x}\n", i * i * 0x9E3779B97F4A7C15);
    }
    return text;
}

TEST_F(FileSinkTest, CompressesWithGzip) {
    auto sink = FileSink::open(output(Compression::gzip)).value();
    const std::string text = long_text();
    ASSERT_TRUE(sink->write(0, {text, {}}).has_value());
    ASSERT_TRUE(sink->write(0, {"end\n", {}}).has_value());
    ASSERT_TRUE(sink->finish().has_value());
    gzFile file = gzopen((folder_ / "a.ndjson.gz").c_str(), "rb");
    std::string found(text.size() + 100, '\0');
    const int size = gzread(file, found.data(), static_cast<unsigned>(found.size()));
    gzclose(file);
    found.resize(static_cast<std::size_t>(size));
    EXPECT_TRUE(found == text + "end\n");
}

TEST_F(FileSinkTest, CompressesWithZstd) {
    auto sink = FileSink::open(output(Compression::zstd)).value();
    const std::string text = long_text();
    ASSERT_TRUE(sink->write(0, {text, {}}).has_value());
    ASSERT_TRUE(sink->finish().has_value());
    const std::string compressed = read("a.ndjson.zst");
    std::string found(text.size() + 100, '\0');
    ZSTD_DCtx* context = ZSTD_createDCtx();
    ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
    ZSTD_outBuffer out{found.data(), found.size(), 0};
    EXPECT_EQ(ZSTD_decompressStream(context, &out, &in), 0u);
    ZSTD_freeDCtx(context);
    found.resize(out.pos);
    EXPECT_TRUE(found == text);
}

TEST_F(FileSinkTest, ADestinationIsAFolderAFileOrStandardOutput) {
    const auto names = [this](const std::string& out, OutputFormat format) {
        fs::remove_all(folder_);
        Destination destination = open_destination({.out = out, .format = format}).value();
        EXPECT_TRUE(destination.sink->finish().has_value());
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(folder_)) {
            found.push_back(entry.path().filename());
        }
        std::sort(found.begin(), found.end());
        return found;
    };
    EXPECT_THAT(names(folder_, OutputFormat::topics),
                testing::ElementsAre("auth_events.ndjson", "listen_events.ndjson",
                                     "page_view_events.ndjson", "status_change_events.ndjson"));
    EXPECT_THAT(names(folder_, OutputFormat::single), testing::ElementsAre("events.ndjson"));
    EXPECT_THAT(names(folder_ / "all.json.gz", OutputFormat::topics),
                testing::ElementsAre("all.json.gz"));
    EXPECT_EQ(open_destination({.out = "-"}).value().layout, StreamLayout::together);
    for (const std::string& out : {std::string("-"), (folder_ / "one.ndjson").string()}) {
        const auto refused = open_destination({.out = out, .compression = Compression::gzip});
        ASSERT_FALSE(refused) << out;
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    }
}

TEST_F(FileSinkTest, AFolderThatCannotBeMadeIsAnError) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "file") << "";
    const auto outcome = open_destination({.out = folder_ / "file" / "below"});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::io);
}

}  // namespace
}  // namespace bassline::simulator
