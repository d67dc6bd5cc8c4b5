// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/test_folder.hpp"
#include "ingest/batch.hpp"
#include "ingest/batch_feed.hpp"
#include "ingest/byte_stream.hpp"
#include "ingest/fingerprint.hpp"
#include "ingest/input_paths.hpp"
#include "ingest/source_probe.hpp"
#include "ingest/test_compression.hpp"

// From names to bytes: globs, decompression, fingerprints, pieces.
namespace bassline::ingest {
namespace {

using testing::ElementsAre;

class InputTest : public testing::Test {
protected:
    void SetUp() override { root_ = make_test_folder("input"); }
    void TearDown() override { std::filesystem::remove_all(root_); }

    std::string path(const std::string& name) const { return root_ + "/" + name; }
    std::shared_ptr<InputFile> write(const std::string& name, const std::string& content) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << content;
        return InputFile::open(path(name)).value();
    }
    // Names below the root that the inputs expand to.
    std::vector<std::string> expand(const std::vector<std::string>& inputs) const {
        std::vector<std::string> full;
        for (const std::string& input : inputs) full.push_back(path(input));
        std::vector<std::string> names;
        for (const InputPath& found : expand_inputs(full).paths) {
            names.push_back(found.path.substr(root_.size() + 1) + (found.named ? "" : "?"));
        }
        return names;
    }

    std::string root_;
};

// All bytes of an input, and whether it ended in damage.
std::pair<std::string, bool> read_all(const std::shared_ptr<InputFile>& file) {
    const auto stream = open_byte_stream(file).value();
    std::string bytes;
    std::string buffer(777, '\0');
    while (true) {
        const auto read = stream->read(buffer.data(), buffer.size());
        if (!read) return {bytes, true};
        if (read.value().ended) return {bytes, false};
        bytes.append(buffer, 0, read.value().bytes);
    }
}

std::string noise(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += xxh64_hex(std::to_string(i));
    return text;
}

TEST_F(InputTest, a_folder_is_not_searched_deeper_and_its_files_are_to_be_looked_at) {
    write("logs/b.json", "");
    write("logs/a.json", "");
    write("logs/deeper/c.json", "");
    EXPECT_THAT(expand({"logs"}), ElementsAre("logs/a.json?", "logs/b.json?"));
}

TEST_F(InputTest, globs_match_within_a_name_and_two_stars_any_folders) {
    write("logs/a.json", "");
    write("logs/b.json.gz", "");
    write("logs/x/c.json", "");
    write("logs/x/y/d.json", "");
    write("logs/.hidden/e.json", "");
    EXPECT_THAT(expand({"logs/*.json"}), ElementsAre("logs/a.json"));
    EXPECT_THAT(expand({"logs/[ab].json*"}), ElementsAre("logs/a.json", "logs/b.json.gz"));
    EXPECT_THAT(expand({"logs/**/*.json"}),
                ElementsAre("logs/a.json", "logs/x/c.json", "logs/x/y/d.json"));
    EXPECT_THAT(expand({"*/?/*.json"}), ElementsAre("logs/x/c.json"));
}

TEST_F(InputTest, a_glob_enters_no_lake) {
    write("a.json", "");
    write("lake/_lake.json", "");
    write("lake/_ingest/files/log/0.json", "");
    write("other/_lake.json", "");
    std::filesystem::create_directory_symlink(path("lake"), path("link"));
    const auto expanded = [&](const std::string& input) {
        InputPaths found = expand_inputs({path(input)}, path("lake"));
        std::vector<std::string> names;
        for (const InputPath& each : found.paths) names.push_back(each.path);
        return std::pair(names, found.lakes.size());
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(expanded("**/*.json"), std::pair(Names{path("a.json")}, std::size_t{2}));
    EXPECT_EQ(expanded("lake/**/*.json"), std::pair(Names{}, std::size_t{1}));
    EXPECT_EQ(expanded("l*/*.json"), std::pair(Names{}, std::size_t{1}));
    EXPECT_EQ(expanded("o*/*.json"), std::pair(Names{path("other/_lake.json")}, std::size_t{0}));
    EXPECT_EQ(expanded("lake/_lake.json").first, Names{path("lake/_lake.json")});
    EXPECT_EQ(expanded("l*/**").second, 1U);
}

TEST_F(InputTest, a_path_given_twice_is_read_once_and_a_name_beats_its_folder) {
    write("logs/a.json", "");
    EXPECT_THAT(expand({"logs", "logs/a.json", "logs/../logs/a.json"}), ElementsAre("logs/a.json"));
}

TEST_F(InputTest, a_file_whose_name_looks_like_a_glob_is_a_file) {
    write("logs/[a].json", "");
    EXPECT_THAT(expand({"logs/[a].json"}), ElementsAre("logs/[a].json"));
}

TEST_F(InputTest, what_names_nothing_is_reported) {
    const InputPaths expanded = expand_inputs({path("missing"), path("*.json")});
    EXPECT_TRUE(expanded.paths.empty());
    EXPECT_EQ(expanded.missing.size(), 2U);
}

TEST_F(InputTest, a_folder_that_cannot_be_listed_is_reported) {
    write("closed/a.json", "");
    std::filesystem::permissions(path(""), std::filesystem::perms(0755));
    std::filesystem::permissions(path("closed"), std::filesystem::perms::none);
    const bool root = geteuid() == 0;  // who may list anything
    if (root) {
        ASSERT_EQ(seteuid(65534), 0);
    }
    const InputPaths expanded = expand_inputs({path("closed"), path("clos*/*.json")});
    if (root) {
        ASSERT_EQ(seteuid(0), 0);
    }
    std::filesystem::permissions(path("closed"), std::filesystem::perms::owner_all);
    EXPECT_TRUE(expanded.paths.empty());
    ASSERT_GE(expanded.missing.size(), 2U);
    EXPECT_EQ(expanded.missing[0].kind, ErrorKind::io);
}

TEST_F(InputTest, what_precedes_damage_in_a_zstd_file_is_read) {
    const std::string text = noise(2'000'000);
    const std::string whole = zstd(text);
    const auto [got, damaged] = read_all(
        write("bad.zst", whole.substr(0, whole.size() / 5 * 4) + std::string(300'000, '\xff')));
    EXPECT_TRUE(damaged);
    ASSERT_GE(got.size(), text.size() / 2);
    EXPECT_EQ(got.substr(0, text.size() / 2), text.substr(0, text.size() / 2));
}

TEST_F(InputTest, a_zstd_frame_with_a_larger_window_than_there_is_memory_says_what_it_needs) {
    const std::string magic("\x28\xb5\x2f\xfd", 4);
    const std::string last_block("\x09\0\0x", 4);  // raw, a byte
    const auto answer = [&](const std::string& header, std::uint64_t window_max) {
        const auto file = write("window.zst", magic + header + last_block);
        const auto stream = open_byte_stream(file, {}, window_max).value();
        std::string buffer(100, '\0');
        const auto read = stream->read(buffer.data(), buffer.size());
        return read ? buffer.substr(0, read.value().bytes) : read.error().message;
    };
    const std::string of_12_mib("\0\x6c", 2);  // 8 MiB and 4 eighths of it
    EXPECT_EQ(answer(of_12_mib, 16u << 20), "x");
    EXPECT_EQ(answer(of_12_mib, 8u << 20),
              "needs 12 MiB to decompress; raise --memory, lower --threads, or pipe `zstdcat "
              "--long=24` in");
    EXPECT_EQ(answer(std::string("\0\x88", 2), kZstdWindowMax), "x");  // 128 MiB
    EXPECT_EQ(answer(std::string("\0\x90", 2), UINT64_MAX),
              "needs 256 MiB to decompress; pipe `zstdcat --long=28` in");
    const std::string content_of_1_gib("\xa0\0\0\0\x40", 5);
    EXPECT_EQ(answer(content_of_1_gib, kZstdWindowMax),
              "needs 1024 MiB to decompress; pipe `zstdcat --long=30` in");
}

TEST_F(InputTest, a_zstd_file_may_begin_with_a_skippable_frame) {
    const std::string skipped("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
    EXPECT_EQ(read_all(write("skip.zst", skipped + zstd("end"))),
              std::pair(std::string("end"), false));
}

TEST_F(InputTest, every_encoding_is_told_by_its_content_and_reads_the_same) {
    const std::string text = noise(300'000);
    EXPECT_EQ(read_all(write("plain", text)), std::pair(text, false));
    EXPECT_EQ(read_all(write("gz", gzip(text))), std::pair(text, false));
    EXPECT_EQ(read_all(write("zst", zstd(text))), std::pair(text, false));
    EXPECT_EQ(read_all(write("members", gzip(text) + gzip("") + gzip("end"))),
              std::pair(text + "end", false));
    EXPECT_EQ(read_all(write("frames", zstd(text) + zstd("end"))), std::pair(text + "end", false));
    EXPECT_EQ(read_all(write("empty", "")), std::pair(std::string(), false));
}

TEST_F(InputTest, wherever_a_compressed_file_is_cut_what_precedes_is_read_and_the_cut_is_found) {
    const std::string text = noise(3'000);
    for (const std::string& whole : {gzip(text), zstd(text)}) {
        for (std::size_t bytes = 4; bytes < whole.size(); bytes += 13) {
            const auto [got, damaged] = read_all(write("cut", whole.substr(0, bytes)));
            EXPECT_TRUE(damaged) << bytes;
            EXPECT_TRUE(text.starts_with(got)) << bytes;
        }
    }
}

TEST_F(InputTest, a_changed_byte_of_a_gzip_is_found) {
    std::string bytes = gzip(noise(3'000));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
    EXPECT_TRUE(read_all(write("changed", bytes)).second);
}

TEST_F(InputTest, a_fingerprint_is_the_same_for_plain_and_compressed_and_absent_past_the_end) {
    const std::string text = noise(200'000);
    const auto plain = write("plain", text);
    const auto packed = write("gz", gzip(text));
    for (const std::uint64_t position : {10UL, 65'536UL, 65'537UL, 150'000UL, text.size()}) {
        const auto of_plain = fingerprint_at(plain, Encoding::plain, position).value();
        EXPECT_EQ(of_plain, fingerprint_at(packed, Encoding::gzip, position).value());
        FingerprintBuilder builder;
        builder.update(std::string_view(text).substr(0, position / 3));
        builder.update(std::string_view(text).substr(position / 3, position - position / 3));
        EXPECT_EQ(of_plain, builder.value());
    }
    EXPECT_FALSE(fingerprint_at(plain, Encoding::plain, text.size() + 1).value());
    EXPECT_FALSE(fingerprint_at(packed, Encoding::gzip, text.size() + 1).value());
}

TEST_F(InputTest, a_probe_finds_the_first_line_and_what_it_says) {
    const auto probe =
        probe_source(write("a", "\n  \n{\"ts\":1741132800000,\"sessionId\":3}\nrest")).value();
    EXPECT_TRUE(is_event_line(probe.first_line));
    EXPECT_EQ(event_ms_of_line(probe.first_line), 1741132800000);
    EXPECT_TRUE(is_event_line("\xef\xbb\xbf{\"ts\":1,\"sessionId\":2,\"song\":\"caf\xe9\"}"));
    EXPECT_FALSE(is_event_line("{\"ts\":1}"));
    EXPECT_FALSE(is_event_line("# title"));
    EXPECT_TRUE(is_complete_object("{\"a\":{}}"));
    EXPECT_FALSE(is_complete_object("{\"a\":{}"));
}

TEST_F(InputTest, an_index_finds_the_sources_that_a_text_begins_with) {
    PrefixIndex index;
    const std::string text = noise(100'000);
    index.add(3, xxh64_hex(text.substr(0, 3)), 1);
    index.add(90'000, xxh64_hex(text.substr(0, kFingerprintBytes)), 2);
    index.add(0, xxh64_hex(""), 3);
    index.add(5, xxh64_hex("other"), 4);
    EXPECT_THAT(index.find(std::string_view(text).substr(0, kFingerprintBytes)), ElementsAre(1, 2));
    EXPECT_THAT(index.find(std::string_view(text).substr(0, 100)), ElementsAre(1));
    EXPECT_TRUE(index.find("").empty());
}

TEST_F(InputTest, pieces_end_at_newlines_and_a_short_rest_stays_with_its_piece) {
    std::string text;
    while (text.size() < 1000) text += "0123456789\n";
    const auto file = write("a", text);
    std::uint64_t at = 0;
    int pieces = 0;
    while (at < text.size()) {
        at = piece_end(*file, at, text.size(), 100).value();
        EXPECT_EQ(text[at - 1], '\n');
        ++pieces;
    }
    EXPECT_EQ(at, text.size());
    EXPECT_EQ(pieces, 9);
    EXPECT_EQ(piece_end(*write("b", std::string(1000, 'x')), 0, 1000, 100).value(), 1000U);
}

TEST_F(InputTest, pieces_are_large_and_get_smaller_as_the_batch_runs_out) {
    constexpr std::uint64_t kMiB = 1u << 20;
    constexpr std::uint64_t kBytes = 600 * kMiB;
    std::ofstream lines(path("a"), std::ios::binary);  // of a MiB each, and hardly a block on disk
    for (std::uint64_t at = kMiB; at <= kBytes; at += kMiB) {
        lines.seekp(static_cast<std::streamoff>(at - 1)).put('\n');
    }
    lines.close();
    const std::vector<SourceToRead> sources{
        {.path = path("a"),
         .end = kBytes,
         .identity = InputFile::open(path("a")).value()->identity()}};
    BatchFeed feed(sources, 2, {});
    std::uint64_t at = 0;
    const auto sizes_of_batch = [&](std::uint64_t bytes) {
        feed.start_batch({.input_bytes = bytes});
        std::vector<std::uint64_t> sizes;
        while (const auto piece = feed.take().value()) {
            EXPECT_EQ(piece->start, at);
            at = piece->end;
            sizes.push_back((piece->end - piece->start) / kMiB);
        }
        return sizes;
    };
    EXPECT_THAT(sizes_of_batch(40 * kMiB), ElementsAre(20, 10, 8, 8));
    EXPECT_THAT(sizes_of_batch(1024 * kMiB), ElementsAre(128, 128, 128, 85, 43, 21, 11, 10));
    EXPECT_EQ(at, kBytes);
    EXPECT_TRUE(feed.exhausted());
}

TEST(NameOutputs, files_are_numbered_within_the_batch_bronze_first) {
    std::vector<lake::Output> outputs = {
        {.kind = lake::OutputKind::quarantine, .topic = "b", .date = "2025-03-14"},
        {.topic = "b", .date = "2025-03-14", .hour = 7},
        {.topic = "a", .date = "2025-03-15", .hour = 1},
        {.topic = "b", .date = "2025-03-14", .hour = 7}};
    lake::name_outputs(outputs, "files", 9);
    EXPECT_EQ(outputs[0].final, "bronze/a/date=2025-03-15/hour=01/a-files-9-1of4.parquet");
    EXPECT_EQ(outputs[2].final, "bronze/b/date=2025-03-14/hour=07/b-files-9-3of4.parquet");
    EXPECT_EQ(outputs[3].final, "_quarantine/b/date=2025-03-14/b-files-9-4of4.parquet");
}

}  // namespace
}  // namespace bassline::ingest
