// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "base/hash.hpp"
#include "event/text.hpp"
#include "simulator/catalogue_file.hpp"
#include "simulator/catalogue_songs.hpp"
#include "simulator/test_world.hpp"

namespace bassline::simulator {
namespace {

using testing::HasSubstr;

class EvenDraws {
public:
    double operator()() { return distribution_(engine_); }

private:
    std::mt19937_64 engine_{20240229};
    std::uniform_real_distribution<double> distribution_;
};

// A file that is gone with the test.
class SongFile : public testing::Test {
protected:
    void SetUp() override {
        path_ = std::filesystem::temp_directory_path() /
                ("listen_counts_" + std::to_string(::getpid()) + ".txt");
    }
    void TearDown() override { std::filesystem::remove(path_); }

    void write(std::string_view content) { std::ofstream(path_, std::ios::binary) << content; }
    void write_gzip(const std::string& content) {
        gzFile file = gzopen(path_.c_str(), "wb");
        gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
        gzclose(file);
    }
    std::string refusal(std::string_view content) {
        write(content);
        Catalogue catalogue = Catalogue::embedded().value();
        auto replaced = catalogue.replace_songs(path_);
        EXPECT_FALSE(replaced);
        EXPECT_EQ(catalogue.songs().size(), test_catalogue().songs().size());
        return replaced ? "" : replaced.error().message;
    }

    std::filesystem::path path_;
};

TEST(Catalogue, IsTheFileThatItsScriptWrote) {
    std::ifstream stated("src/simulator/catalogue/catalogue.sha256");
    std::string sha256;
    stated >> sha256;
    const auto content = inflate_catalogue(embedded_catalogue()).value();
    EXPECT_EQ(sha256_hex({content.data(), content.size()}), sha256);
    EXPECT_LT(embedded_catalogue().size(), 1u << 20);
}

TEST(Catalogue, ADamagedFileIsRefusedWherever) {
    const auto content = inflate_catalogue(embedded_catalogue()).value();
    const std::string_view whole(content.data(), content.size());
    EXPECT_FALSE(inflate_catalogue(embedded_catalogue().substr(0, 5000)));
    EXPECT_FALSE(CatalogueReader::open("bassline catalogue 2\n"));
    auto cut = CatalogueReader::open(whole.substr(0, 1000)).value();
    EXPECT_FALSE(cut.texts());
}

TEST(Catalogue, HoldsTheCountsThatWereAsked) {
    EXPECT_EQ(test_catalogue().songs().size(), 50'000u);
    EXPECT_GT(test_catalogue().places().size(), 40'000u);
    EXPECT_EQ(test_catalogue().female_names().size(), 4'275u);
    EXPECT_EQ(test_catalogue().male_names().size(), 1'219u);
    EXPECT_EQ(test_catalogue().last_names().size(), 88'799u);
    EXPECT_EQ(test_catalogue().user_agents().size(), 952u);
    std::set<std::string_view> artists;
    for (const Song& song : test_catalogue().songs()) artists.insert(song.artist);
    EXPECT_GE(artists.size(), 8'000u);
    EXPECT_LE(artists.size(), 10'000u);
}

TEST(Catalogue, EveryTextIsUtf8AndNotEmptyAndNoTrackIdComesTwice) {
    std::set<std::string_view> ids;
    for (const Song& song : test_catalogue().songs()) {
        ids.insert(song.track_id);
        for (const std::string_view text : {song.track_id, song.artist, song.title}) {
            ASSERT_FALSE(text.empty());
            ASSERT_TRUE(event::is_utf8(text)) << text;
        }
    }
    EXPECT_EQ(ids.size(), test_catalogue().songs().size());
    for (const Place& place : test_catalogue().places()) {
        ASSERT_FALSE(place.city.empty());
        ASSERT_EQ(place.zip.size(), 5u);
        ASSERT_EQ(place.state.size(), 2u);
        ASSERT_TRUE(place.latitude > 17 && place.latitude < 72) << place.zip;
        ASSERT_TRUE(place.longitude > -180 && place.longitude < -64) << place.zip;
    }
}

TEST(Catalogue, OneTitleInTwentyNeedsCareWithItsCharacters) {
    const auto odd = std::ranges::count_if(test_catalogue().songs(), [](const Song& song) {
        return std::ranges::any_of(song.title, [](char c) {
            return c == '"' || c == '\\' || static_cast<unsigned char>(c) >= 0x80;
        });
    });
    EXPECT_NEAR(static_cast<double>(odd) / 50'000, 0.05, 0.005);
}

TEST(Catalogue, SongLengthsAreLognormal) {
    double sum = 0;
    std::vector<double> lengths;
    for (const Song& song : test_catalogue().songs()) {
        lengths.push_back(song.duration_s);
        sum += song.duration_s;
    }
    std::ranges::sort(lengths);
    EXPECT_NEAR(sum / 50'000, 239.5, 1.5);
    EXPECT_NEAR(lengths[5'000], 140, 2);  // 224 exp(-1.2816 sigma)
    EXPECT_NEAR(lengths[25'000], 224, 2);
    EXPECT_NEAR(lengths[45'000], 358.5, 4);
}

TEST(Catalogue, PopularSongsHaveTheirShareOfPlays) {
    constexpr int kDraws = 400'000;
    double total = 0;
    double top_100 = 0;
    for (int rank = 1; rank <= 50'000; ++rank) {
        total += std::pow(rank + 10, -0.85);
        if (rank == 100) top_100 = total;
    }
    EvenDraws uniform;
    int found = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double u = uniform();
        found += test_catalogue().draw_song(u, uniform()) < 100 ? 1 : 0;
    }
    EXPECT_NEAR(found / double{kDraws}, top_100 / total, 0.002);
}

TEST(Catalogue, GoingFromSongToSimilarSongKeepsTheSharesOfPlaysAndNeverStays) {
    EvenDraws uniform;
    constexpr int kWalks = 100'000;
    constexpr int kSteps = 5;
    int first = 0;
    int last = 0;
    int same_artist = 0;
    for (int i = 0; i < kWalks; ++i) {
        std::uint32_t song = test_catalogue().draw_song(uniform(), uniform());
        first += song < 100 ? 1 : 0;
        for (int step = 0; step < kSteps; ++step) {
            const std::uint32_t next =
                test_catalogue().draw_similar_song(song, uniform(), uniform());
            ASSERT_NE(next, song);
            same_artist +=
                test_catalogue().songs()[song].artist == test_catalogue().songs()[next].artist ? 1
                                                                                               : 0;
            song = next;
        }
        last += song < 100 ? 1 : 0;
    }
    EXPECT_NEAR(first, last, 5 * std::sqrt(2.0 * first));
    EXPECT_GT(same_artist, 0.08 * kSteps * kWalks);
    EXPECT_LT(same_artist, 0.26 * kSteps * kWalks);
}

TEST(Catalogue, WeightsFollowTheirSources) {
    EvenDraws uniform;
    constexpr int kDraws = 300'000;
    int smiths = 0;
    int marys = 0;
    int californians = 0;
    for (int i = 0; i < kDraws; ++i) {
        const auto name =
            test_catalogue().last_names()[test_catalogue().draw_last_name(uniform(), uniform())];
        smiths += name == "Smith" ? 1 : 0;
        const auto first =
            test_catalogue()
                .female_names()[test_catalogue().draw_female_name(uniform(), uniform())];
        marys += first == "Mary" ? 1 : 0;
        const Place& place =
            test_catalogue().places()[test_catalogue().draw_place(uniform(), uniform())];
        californians += place.state == "CA" ? 1 : 0;
    }
    EXPECT_NEAR(smiths / double{kDraws}, 1.006 / 90.483, 1e-3);
    EXPECT_NEAR(marys / double{kDraws}, 2.629 / 90.024, 2e-3);
    EXPECT_NEAR(californians / double{kDraws}, 0.12, 0.03);  // 39.5 of 331 million
}

TEST_F(SongFile, ReplacesAllSongsPlainOrGzip) {
    const std::string content =
        "TRA\tBj\xC3\xB6rk\tJ\xC3\xB3ga\t305."
        "1\t7\nTRB\tAir\tTalisman\t\t9\nTRC\tAir\tNever\t1\t0\n";
    for (const bool gzip : {false, true}) {
        gzip ? write_gzip(content) : write(content);
        Catalogue catalogue = Catalogue::embedded().value();
        ASSERT_TRUE(catalogue.replace_songs(path_));
        ASSERT_EQ(catalogue.songs().size(), 2u);
        EXPECT_EQ(catalogue.songs()[0].track_id, "TRB");
        EXPECT_EQ(catalogue.songs()[0].duration_s, 180.f);
        EXPECT_EQ(catalogue.songs()[1].artist, "Bj\xC3\xB6rk");
        EXPECT_EQ(catalogue.songs()[1].duration_s, 305.1f);
        EXPECT_LT(catalogue.draw_similar_song(0, 0.5, 0.5), 2u);
    }
}

TEST_F(SongFile, IsReadAsLatin1WhereAskedOrWhereItIsNotUtf8) {
    write("T\tBj\xC3\xB6rk\tJ\xF3ga\t305.1\t7\n");
    Catalogue catalogue = Catalogue::embedded().value();
    ASSERT_TRUE(catalogue.replace_songs(path_));
    EXPECT_EQ(catalogue.songs()[0].artist, "Bj\xC3\xB6rk");
    EXPECT_EQ(catalogue.songs()[0].title, "J\xC3\xB3ga");
    ASSERT_TRUE(catalogue.replace_songs(path_, SongEncoding::latin1));
    EXPECT_EQ(catalogue.songs()[0].artist, "Bj\xC3\x83\xC2\xB6rk");
}

TEST_F(SongFile, ABadLineIsNamedWithFileAndLine) {
    EXPECT_THAT(refusal("T\tA\tB\t1.0\t1\nT\tA\tB\t1.0\n"), HasSubstr(path_.string() + ":2: 4 f"));
    EXPECT_THAT(refusal("T\tA\tB\tlong\t1\n"), HasSubstr(":1: the duration is not a number"));
    EXPECT_THAT(refusal("T\tA\tB\t1.0\t-1\n"), HasSubstr(":1: the count is not a whole number"));
    EXPECT_THAT(refusal("T\tA\tB\t1.0\t0\n"), HasSubstr("no song with a play"));
}

TEST_F(SongFile, AMissingFileIsNotFound) {
    Catalogue catalogue = Catalogue::embedded().value();
    EXPECT_EQ(catalogue.replace_songs("no/such/file").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace bassline::simulator
