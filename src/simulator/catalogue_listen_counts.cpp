// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include <zlib.h>

#include "event/text.hpp"
#include "simulator/catalogue_songs.hpp"

namespace bassline::simulator {
namespace {

constexpr float kBlankDurationSeconds = 180;
constexpr std::size_t kFields = 5;

enum Field : std::size_t { track_id, artist, title, duration, count };

struct SongLine {
    std::array<std::string_view, kFields> fields;
    float duration_s;
    std::uint32_t count;
};

// Plain or gzip: zlib's file functions read both.
Result<std::vector<char>> read_whole(const std::filesystem::path& path) {
    std::error_code code;
    if (!std::filesystem::is_regular_file(path, code)) {
        return error(ErrorKind::not_found, "there is no file {}", path.string());
    }
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
    if (!file) return error(ErrorKind::io, "cannot open {}", path.string());
    std::vector<char> content;
    constexpr unsigned kPiece = 1u << 18;
    while (true) {
        const std::size_t size = content.size();
        content.resize(size + kPiece);
        const int got = gzread(file.get(), content.data() + size, kPiece);
        content.resize(size + static_cast<std::size_t>(std::max(got, 0)));
        int failure = Z_OK;
        const char* message = gzerror(file.get(), &failure);
        if (got < 0 || failure == Z_BUF_ERROR) {
            return error(ErrorKind::io, "cannot read {}: {}", path.string(), message);
        }
        if (got == 0) return content;
    }
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
    Number number{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \r") == text.npos;
}

// Errors carry no file and line yet.
Result<SongLine> parse_line(std::string_view line) {
    SongLine song{};
    std::size_t found = 0;
    for (std::size_t begin = 0; begin <= line.size(); ++found) {
        const std::size_t end = std::min(line.find('\t', begin), line.size());
        if (found < kFields) song.fields[found] = line.substr(begin, end - begin);
        begin = end + 1;
    }
    if (found != kFields) {
        return error(ErrorKind::config,
                     "{} fields where trackId, artist, song, duration and count are expected, "
                     "divided by tabs",
                     found);
    }
    const std::string_view seconds = song.fields[duration];
    const auto duration_s = is_blank(seconds) ? kBlankDurationSeconds : parse<float>(seconds);
    if (!duration_s || !std::isfinite(*duration_s) || *duration_s < 0) {
        return error(ErrorKind::config, "the duration is not a number of seconds: '{}'", seconds);
    }
    const auto plays = parse<std::uint32_t>(song.fields[count]);
    if (!plays) {
        return error(ErrorKind::config, "the count is not a whole number: '{}'",
                     song.fields[count]);
    }
    song.duration_s = *duration_s;
    song.count = *plays;
    return song;
}

Result<std::vector<SongLine>> parse_lines(std::string_view content, std::string_view path) {
    std::vector<SongLine> songs;
    for (std::size_t number = 1; !content.empty(); ++number) {
        const std::size_t end = std::min(content.find('\n'), content.size());
        std::string_view line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        auto song = parse_line(line);
        if (!song) {
            return error(ErrorKind::config, "{}:{}: {}", path, number, song.error().message);
        }
        if (song.value().count > 0) songs.push_back(song.value());
    }
    if (songs.empty()) return error(ErrorKind::config, "{} has no song with a play", path);
    return songs;
}

// Appends a text; bytes over 0x7F become characters of their own if it is Latin-1, or only can be.
void append_text(std::vector<char>& bytes, std::string_view text, SongEncoding encoding) {
    const bool as_it_is = encoding == SongEncoding::utf8 && event::is_utf8(text);
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (as_it_is || byte < 0x80) {
            bytes.push_back(character);
        } else {
            bytes.push_back(static_cast<char>(0xC0 | byte >> 6));
            bytes.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
        }
    }
}

TextList texts_of(std::span<const SongLine> lines, SongEncoding encoding) {
    TextList list;
    std::vector<std::size_t> ends;
    for (const SongLine& line : lines) {
        for (const Field field : {track_id, artist, title}) {
            append_text(list.bytes, line.fields[field], encoding);
            ends.push_back(list.bytes.size());
        }
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        list.texts.emplace_back(list.bytes.data() + begin, end - begin);
        begin = end;
    }
    return list;
}

}  // namespace

Result<SongTable> read_listen_counts(const std::filesystem::path& path, SongEncoding encoding) {
    TRY_ASSIGN(const std::vector<char> content, read_whole(path));
    TRY_ASSIGN(std::vector<SongLine> lines,
               parse_lines({content.data(), content.size()}, path.string()));
    std::stable_sort(lines.begin(), lines.end(),
                     [](const SongLine& a, const SongLine& b) { return a.count > b.count; });
    std::vector<TextList> texts;
    texts.push_back(texts_of(lines, encoding));
    std::vector<Song> songs;
    std::vector<std::uint32_t> weights;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto fields = std::span(texts[0].texts).subspan(3 * i, 3);
        songs.push_back({.track_id = fields[track_id],
                         .artist = fields[artist],
                         .title = fields[title],
                         .duration_s = lines[i].duration_s});
        weights.push_back(lines[i].count);
    }
    return SongTable(std::move(songs), weights, std::move(texts));
}

}  // namespace bassline::simulator
