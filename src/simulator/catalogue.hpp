// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"

// What users are made of and what they listen to: songs, places, names, user agents, each with the
// weight of its kind (plays, inhabitants, bearers, share of traffic).
//
// The embedded catalogue is built by tools/catalogues and is part of the program; a listen_counts
// file of EventSim may take the place of its songs. Weights are integers, so that draws do not
// depend on a machine's maths library. Immutable once loaded and then shared by any number of
// threads; every text lives as long as the catalogue, also when it is moved.
namespace bassline::simulator {

struct Song {
    std::string_view track_id, artist, title;  // UTF-8, not escaped
    float duration_s;                          // seconds
};

struct Place {
    std::string_view city, zip, state;  // "Miami", "02151", "FL"
    double longitude, latitude;         // degrees, at most 4 decimals
};

/// How the bytes of a listen_counts file are read. EventSim takes them for Latin-1, which encodes
/// UTF-8 twice (`latin1`: reproduce that).
enum class SongEncoding { utf8, latin1 };

class Catalogue {
public:
    /// The one inside the program. Errors: `bad_data` if the program is damaged.
    static Result<Catalogue> embedded();

    Catalogue(Catalogue&&) noexcept;
    Catalogue& operator=(Catalogue&&) noexcept;
    ~Catalogue();

    /// Replaces all songs by those of EventSim's own file: lines of trackId, artist, song, duration
    /// (s; blank: 180) and count, divided by tabs; plain or gzip by content. Songs without a play
    /// are left out. Call it before the catalogue is shared.
    /// Errors: `not_found`, `io`; `config` naming file and line. The songs stay as they were.
    Result<void> replace_songs(const std::filesystem::path& listen_counts,
                               SongEncoding encoding = SongEncoding::utf8);

    /// By falling weight.
    std::span<const Song> songs() const;
    std::span<const Place> places() const;
    std::span<const std::string_view> female_names() const;
    std::span<const std::string_view> male_names() const;
    std::span<const std::string_view> last_names() const;
    std::span<const std::string_view> user_agents() const;

    /// Share of women among users.
    double female_share() const;

    // Indices into the spans above, drawn by weight from two independent uniforms of [0, 1): O(1).
    std::uint32_t draw_song(double u, double v) const;
    std::uint32_t draw_place(double u, double v) const;
    std::uint32_t draw_female_name(double u, double v) const;
    std::uint32_t draw_male_name(double u, double v) const;
    std::uint32_t draw_last_name(double u, double v) const;
    std::uint32_t draw_user_agent(double u, double v) const;

    /// A song like the given one, and another if there is any: of the same artist (25 %, where no
    /// song of theirs outweighs the others) or of the same neighbourhood of artists; O(1).
    /// Repeating this keeps the songs' shares of plays as draw_song has them.
    std::uint32_t draw_similar_song(std::uint32_t song, double u, double v) const;

private:
    struct State;
    explicit Catalogue(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace bassline::simulator
