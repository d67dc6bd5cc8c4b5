// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_songs.hpp"

#include <algorithm>
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

// Whether no song of the artist has more than half of the artist's plays.
std::vector<bool> songs_that_take_turns(std::span<const std::uint32_t> artist_of,
                                        std::span<const std::uint32_t> weights,
                                        std::uint32_t artist_count) {
    std::vector<std::uint64_t> plays(artist_count);
    std::vector<std::uint64_t> most(artist_count);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        plays[artist_of[i]] += weights[i];
        most[artist_of[i]] = std::max<std::uint64_t>(most[artist_of[i]], weights[i]);
    }
    std::vector<bool> result;
    for (const std::uint32_t artist : artist_of) {
        result.push_back(2 * most[artist] <= plays[artist]);
    }
    return result;
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
    const auto artist_count = static_cast<std::uint32_t>(artists.size());
    has_artist_walk_ = songs_that_take_turns(artist_of, weights, artist_count);
    std::vector<double> by_artist;
    std::vector<double> by_neighbourhood;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double share = has_artist_walk_[i] ? kSameArtistShare : 0;
        by_artist.push_back(weights[i] * share);
        by_neighbourhood.push_back(weights[i] * (1 - share));
    }
    artist_walk_ = GroupWalk(artist_of, by_artist, artist_count);
    neighbourhood_walk_ = GroupWalk(neighbourhoods, by_neighbourhood, kNeighbourhoods);
}

std::uint32_t SongTable::draw_similar(std::uint32_t song, double u, double v) const {
    if (!has_artist_walk_[song]) return neighbourhood_walk_.step(song, u, v);
    if (u < kSameArtistShare) return artist_walk_.step(song, u / kSameArtistShare, v);
    return neighbourhood_walk_.step(song, (u - kSameArtistShare) / (1 - kSameArtistShare), v);
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
