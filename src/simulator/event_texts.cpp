// SPDX-License-Identifier: Apache-2.0
#include "simulator/event_texts.hpp"

#include <fmt/format.h>

#include "simulator/json_text.hpp"

namespace bassline::simulator {
namespace {

constexpr std::size_t kNumbersAndNames = 512;  // numbers, keys and braces of a record

// Spells a text of the catalogue. The original reads its files as Latin-1.
class Speller {
public:
    explicit Speller(bool twice) : twice_(twice) {}
    std::string operator()(std::string_view text) const {
        return twice_ ? json_text(encoded_twice(text)) : json_text(text);
    }

private:
    bool twice_;
};

void add_states(EventTexts& texts, const Chain& chain) {
    for (const PageState& state : chain.states()) {
        const std::string auth = json_text(state.auth);
        const std::string level = json_text(state.level);
        texts.page_heads.add(
            fmt::format(R"(,"page":"{}","auth":"{}","method":"{}","status":{},"level":"{}",)"
                        R"("itemInSession":)",
                        json_text(state.page), auth, json_text(state.method), state.status, level));
        texts.listen_heads.add(
            fmt::format(R"(,"auth":"{}","level":"{}","itemInSession":)", auth, level));
        texts.auth_heads.add(fmt::format(R"(,"level":"{}","itemInSession":)", level));
    }
    for (const std::string& level : chain.levels()) {
        texts.previous_levels.add(fmt::format(R"(,"prevLevel":"{}")", json_text(level)));
    }
}

void add_songs(EventTexts& texts, const Catalogue& catalogue, const Speller& spell, bool single) {
    for (const Song& song : catalogue.songs()) {
        texts.songs.add(fmt::format(R"("artist":"{}","song":"{}","{}":{})", spell(song.artist),
                                    spell(song.title), single ? "length" : "duration",
                                    java_number(song.duration_s)));
        texts.track_ids.add(fmt::format(R"(,"trackId":"{}")", json_text(song.track_id)));
    }
}

void add_places(EventTexts& texts, const Catalogue& catalogue, const Speller& spell, bool single) {
    for (const Place& place : catalogue.places()) {
        if (single) {
            texts.places_before.add(
                fmt::format(R"(,"location":"{}, {}")", spell(place.city), spell(place.state)));
            texts.places_behind.add("");
            continue;
        }
        texts.places_before.add(fmt::format(R"(,"city":"{}","zip":"{}","state":"{}")",
                                            spell(place.city), spell(place.zip),
                                            spell(place.state)));
        texts.places_behind.add(fmt::format(R"(,"lon":{},"lat":{})", java_number(place.longitude),
                                            java_number(place.latitude)));
    }
}

void add_people(EventTexts& texts, const Catalogue& catalogue, const Speller& spell, bool single) {
    for (const std::string_view agent : catalogue.user_agents()) {
        texts.user_agents.add(fmt::format(R"(,"userAgent":"{}")", spell(agent)));
    }
    for (const std::string_view name : catalogue.last_names()) {
        texts.last_names.add(fmt::format(R"(,"lastName":"{}")", spell(name)));
    }
    const auto first_name = [&](std::string_view name, char gender) {
        const std::string text = fmt::format(R"(,"firstName":"{}")", spell(name));
        return single ? text : fmt::format(R"({},"gender":"{}")", text, gender);
    };
    for (const std::string_view name : catalogue.female_names()) {
        texts.female_names.add(first_name(name, 'F'));
    }
    for (const std::string_view name : catalogue.male_names()) {
        texts.male_names.add(first_name(name, 'M'));
    }
}

}  // namespace

EventTexts::EventTexts(const Model& model, const OutputOptions& options) {
    const Speller spell(model.options.compat);
    const bool single = options.format == OutputFormat::single;
    add_states(*this, model.chain);
    const Speller spell_song(model.options.compat && !options.has_own_songs);
    add_songs(*this, model.catalogue, spell_song, single);
    add_places(*this, model.catalogue, spell, single);
    add_people(*this, model.catalogue, spell, single);
    if (options.tag) tag = fmt::format(R"(,"tag":"{}")", json_text(*options.tag));
    tag_size = tag.size();
    tag.resize(tag_size + kCopyBlock);
    record_bytes_max = kNumbersAndNames + tag_size;
    for (TextStore* store : {&page_heads, &listen_heads, &auth_heads, &songs, &track_ids,
                             &places_before, &places_behind, &user_agents, &last_names,
                             &female_names, &male_names, &previous_levels}) {
        store->close();
        record_bytes_max += store->size_max();
    }
}

}  // namespace bassline::simulator
