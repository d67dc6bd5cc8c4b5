// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_songs.hpp"

#include <unordered_map>

#include "base/hash.hpp"

namespace bassline::simulator {
namespace {

constexpr float kFramesPerSecond = 75;
constexpr std::size_t kTrackIdBytes = 18;

// FNV-1a: the same everywhere, unlike std::hash.
std::uint32_t neighbourhood_of(std::string_view artist) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : artist) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    return static_cast<std::uint32_t>(hash >> 32) % kNeighbourhoods;
}

// Track ids like "TR0123456789ABCDEF", which follow the song and not its place in the catalogue.
TextList track_ids(std::span<const Song> songs) {
    TextList ids;
    ids.bytes.reserve(songs.size() * kTrackIdBytes);
    std::string name;
    for (const Song& song : songs) {
        name.assign(song.artist).append(1, '\t').append(song.title);
        ids.bytes.insert(ids.bytes.end(), {'T', 'R'});
        for (const char digit : xxh64_hex(name)) {
            ids.bytes.push_back(digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit);
        }
    }
    for (std::size_t at = 0; at < ids.bytes.size(); at += kTrackIdBytes) {
        ids.texts.emplace_back(ids.bytes.data() + at, kTrackIdBytes);
    }
    return ids;
}

}  // namespace

SongTable::SongTable(std::vector<Song> songs, std::span<const std::uint32_t> weights,
                     std::vector<TextList> texts)
    : texts_(std::move(texts)), songs_(std::move(songs)), all_(weights) {
    std::unordered_map<std::string_view, std::uint32_t> artists;
    std::vector<std::uint32_t> artist_of;
    std::vector<std::uint32_t> neighbourhoods;
    for (const Song& song : songs_) {
        const auto number = static_cast<std::uint32_t>(artists.size());
        artist_of.push_back(artists.try_emplace(song.artist, number).first->second);
        neighbourhoods.push_back(neighbourhood_of(song.artist));
    }
    same_artist_ = GroupedDraw(artist_of, weights, static_cast<std::uint32_t>(artists.size()));
    same_neighbourhood_ = GroupedDraw(neighbourhoods, weights, kNeighbourhoods);
}

std::uint32_t SongTable::draw_similar(std::uint32_t song, double u, double v) const {
    if (same_artist_.group_size(song) == 1) return same_neighbourhood_.draw(song, u, v);
    if (u < kSameArtistShare) return same_artist_.draw(song, u / kSameArtistShare, v);
    const double rest = (u - kSameArtistShare) / (1 - kSameArtistShare);
    return same_neighbourhood_.draw(song, rest, v);
}

Result<SongTable> read_embedded_songs(CatalogueReader& reader) {
    TRY_ASSIGN(const TextList words, reader.texts());
    TRY_ASSIGN(TextList artists, reader.phrases(words));
    TRY_ASSIGN(TextList titles, reader.phrases(words));
    TRY_ASSIGN(const auto artist_of, reader.numbers());
    TRY_ASSIGN(const auto frames, reader.numbers());
    TRY_ASSIGN(const auto deltas, reader.deltas());
    std::vector<Song> songs;
    songs.reserve(titles.texts.size());
    for (std::size_t i = 0; i < titles.texts.size(); ++i) {
        songs.push_back({.artist = artists.texts[artist_of[i]],
                         .title = titles.texts[i],
                         .duration_s = static_cast<float>(frames[i]) / kFramesPerSecond});
    }
    TextList ids = track_ids(songs);
    for (std::size_t i = 0; i < songs.size(); ++i) songs[i].track_id = ids.texts[i];
    const std::vector<std::uint32_t> weights(deltas.begin(), deltas.end());
    std::vector<TextList> texts;
    texts.push_back(std::move(artists));
    texts.push_back(std::move(titles));
    texts.push_back(std::move(ids));
    return SongTable(std::move(songs), weights, std::move(texts));
}

}  // namespace bassline::simulator
