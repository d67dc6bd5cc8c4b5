// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "simulator/catalogue.hpp"
#include "simulator/catalogue_draw.hpp"
#include "simulator/catalogue_file.hpp"
#include "simulator/catalogue_walk.hpp"

// The songs of a catalogue and how they are drawn.
//
// Songs are alike if they have one artist, or if their artists hash to the same of
// kNeighbourhoods. Going from song to similar song keeps each song's share of plays: either way is
// a GroupWalk, by the artist over a part kSameArtistShare of the weights, by the neighbourhood over
// the rest. An artist who has no two songs to take turns is left to the neighbourhood. Immutable;
// shared by threads.
namespace bassline::simulator {

inline constexpr std::uint32_t kNeighbourhoods = 64;
inline constexpr double kSameArtistShare = 0.25;

class SongTable {
public:
    SongTable() = default;
    /// As many weights as songs; at least one is above zero. `texts` holds what the songs point to.
    SongTable(std::vector<Song> songs, std::span<const std::uint32_t> weights,
              std::vector<TextList> texts);

    std::span<const Song> songs() const { return songs_; }
    std::uint32_t draw(double u, double v) const { return all_.draw(u, v); }
    std::uint32_t draw_similar(std::uint32_t song, double u, double v) const;

private:
    std::vector<TextList> texts_;
    std::vector<Song> songs_;
    WeightedDraw all_;
    std::vector<bool> has_artist_walk_;  // by song
    GroupWalk artist_walk_;
    GroupWalk neighbourhood_walk_;
};

/// The songs' columns of the embedded file. A track id is made from artist and title.
Result<SongTable> read_embedded_songs(CatalogueReader& reader);

/// EventSim's listen_counts; see Catalogue::replace_songs.
Result<SongTable> read_listen_counts(const std::filesystem::path& path, SongEncoding encoding);

}  // namespace bassline::simulator
