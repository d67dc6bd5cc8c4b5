// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue.hpp"

#include <vector>

#include "simulator/catalogue_draw.hpp"
#include "simulator/catalogue_file.hpp"
#include "simulator/catalogue_songs.hpp"

namespace bassline::simulator {
namespace {

constexpr double kFemaleShare = 0.5125;  // census of 1990, as the names are
constexpr double kUnitsPerDegree = 1e4;
constexpr std::size_t kZipDigits = 5;

struct WeightedTexts {
    TextList list;
    WeightedDraw draw;
};

struct PlaceTable {
    TextList cities, zips, states;
    std::vector<Place> places;
    WeightedDraw draw;
};

Result<WeightedTexts> read_weighted_texts(CatalogueReader& reader) {
    TRY_ASSIGN(TextList list, reader.texts());
    TRY_ASSIGN(const auto weights, reader.numbers());
    return WeightedTexts{.list = std::move(list), .draw = WeightedDraw(weights)};
}

// "00501" of 501.
TextList zip_texts(const std::vector<std::int64_t>& zips) {
    TextList list;
    list.bytes.reserve(zips.size() * kZipDigits);
    for (const std::int64_t zip : zips) {
        for (std::int64_t unit = 10'000; unit > 0; unit /= 10) {
            list.bytes.push_back(static_cast<char>('0' + zip / unit % 10));
        }
    }
    for (std::size_t i = 0; i < zips.size(); ++i) {
        list.texts.emplace_back(list.bytes.data() + i * kZipDigits, kZipDigits);
    }
    return list;
}

Result<PlaceTable> read_places(CatalogueReader& reader) {
    PlaceTable table;
    TRY_ASSIGN(table.cities, reader.texts());
    TRY_ASSIGN(table.states, reader.texts());
    TRY_ASSIGN(const auto zips, reader.deltas());
    TRY_ASSIGN(const auto latitudes, reader.deltas());
    TRY_ASSIGN(const auto longitudes, reader.deltas());
    TRY_ASSIGN(const auto weights, reader.numbers());
    table.zips = zip_texts(zips);
    table.draw = WeightedDraw(weights);
    table.places.reserve(zips.size());
    for (std::size_t i = 0; i < zips.size(); ++i) {
        table.places.push_back({.city = table.cities.texts[i],
                                .zip = table.zips.texts[i],
                                .state = table.states.texts[i],
                                .longitude = static_cast<double>(longitudes[i]) / kUnitsPerDegree,
                                .latitude = static_cast<double>(latitudes[i]) / kUnitsPerDegree});
    }
    return table;
}

}  // namespace

struct Catalogue::State {
    SongTable songs;
    PlaceTable places;
    WeightedTexts female_names, male_names, last_names, user_agents;
};

Catalogue::Catalogue(std::unique_ptr<State> state) : state_(std::move(state)) {}
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;
Catalogue::~Catalogue() = default;

Result<Catalogue> Catalogue::embedded() {
    TRY_ASSIGN(const std::vector<char> content, inflate_catalogue(embedded_catalogue()));
    TRY_ASSIGN(CatalogueReader reader, CatalogueReader::open({content.data(), content.size()}));
    auto state = std::make_unique<State>();
    TRY_ASSIGN(state->songs, read_embedded_songs(reader));
    TRY_ASSIGN(state->places, read_places(reader));
    TRY_ASSIGN(state->female_names, read_weighted_texts(reader));
    TRY_ASSIGN(state->male_names, read_weighted_texts(reader));
    TRY_ASSIGN(state->last_names, read_weighted_texts(reader));
    TRY_ASSIGN(state->user_agents, read_weighted_texts(reader));
    return Catalogue(std::move(state));
}

Result<void> Catalogue::replace_songs(const std::filesystem::path& listen_counts,
                                      SongEncoding encoding) {
    TRY_ASSIGN(state_->songs, read_listen_counts(listen_counts, encoding));
    return {};
}

std::span<const Song> Catalogue::songs() const {
    return state_->songs.songs();
}
std::span<const Place> Catalogue::places() const {
    return state_->places.places;
}
std::span<const std::string_view> Catalogue::female_names() const {
    return state_->female_names.list.texts;
}
std::span<const std::string_view> Catalogue::male_names() const {
    return state_->male_names.list.texts;
}
std::span<const std::string_view> Catalogue::last_names() const {
    return state_->last_names.list.texts;
}
std::span<const std::string_view> Catalogue::user_agents() const {
    return state_->user_agents.list.texts;
}

double Catalogue::female_share() const {
    return kFemaleShare;
}

std::uint32_t Catalogue::draw_song(double u, double v) const {
    return state_->songs.draw(u, v);
}
std::uint32_t Catalogue::draw_place(double u, double v) const {
    return state_->places.draw.draw(u, v);
}
std::uint32_t Catalogue::draw_female_name(double u, double v) const {
    return state_->female_names.draw.draw(u, v);
}
std::uint32_t Catalogue::draw_male_name(double u, double v) const {
    return state_->male_names.draw.draw(u, v);
}
std::uint32_t Catalogue::draw_last_name(double u, double v) const {
    return state_->last_names.draw.draw(u, v);
}
std::uint32_t Catalogue::draw_user_agent(double u, double v) const {
    return state_->user_agents.draw.draw(u, v);
}
std::uint32_t Catalogue::draw_similar_song(std::uint32_t song, double u, double v) const {
    return state_->songs.draw_similar(song, u, v);
}

}  // namespace bassline::simulator
