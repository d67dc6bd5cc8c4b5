// SPDX-License-Identifier: Apache-2.0
//
// generate_listens COUNT low|short|high|unique > listens.ndjson
//
// Listen events of the four-topic format over 48 hours, about 500 bytes each, the same for the same
// arguments. `low`: 20,000 users, 10,000 songs, 500 user agents, each user with one device, as
// EventSim has them. `short`: the same with people and cities of one word, about 470 bytes, as
// EventSim's are. `high`: catalogues as large as the real ones (see kHigh), and nothing goes
// with anything: each event draws its user, names, place, device and song on its own. `unique`: the
// same with a million of everything, so that in an hour hardly a text occurs twice.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace {

constexpr std::int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01
constexpr double kSpanMs = 48 * 3'600'000.0;
constexpr std::int64_t kDayMs = 24 * 3'600'000;

class Random {  // splitmix64
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15u;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
        return mixed ^ (mixed >> 31);
    }
    std::size_t below(std::size_t n) { return next() % n; }
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    /// A rank below n, small ones more often: density falls as rank^-exponent.
    std::size_t rank(std::size_t n, double exponent) {
        const double power = 1 / (1 - exponent);
        return static_cast<std::size_t>(static_cast<double>(n) * std::pow(unit(), power));
    }

private:
    std::uint64_t state_;
};

constexpr std::string_view kSyllables[] = {"ka", "lo",  "mer", "ti", "sun", "ve", "dra", "pol",
                                           "ni", "que", "bar", "el", "os",  "wi", "ren", "ta"};

// A phrase of one to four words that only `number` decides.
std::string phrase(std::uint64_t number, std::string_view ending = "") {
    Random random(number);
    std::string text;
    for (std::size_t words = 1 + random.below(4); words > 0; --words) {
        std::string word;
        for (std::size_t i = 2 + random.below(2); i > 0; --i) word += kSyllables[random.below(16)];
        word[0] = static_cast<char>(word[0] - 'a' + 'A');
        if (!text.empty()) text += ' ';
        text += word;
    }
    if (random.below(40) == 0) text += " \\u00e9t\\u00e9";
    if (random.below(60) == 0) text += " (\\\"Live\\\")";
    return text.append(ending);
}

// A word of two syllables or more, another one for each number.
std::string word(std::uint64_t number) {
    std::string text;
    for (std::uint64_t left = number + 16; left > 0; left /= 16) text += kSyllables[left % 16];
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string user_agent(std::uint64_t number) {
    Random random(number);
    return fmt::format(
        R"(\"Mozilla/5.0 (Windows NT {}.{}; WOW64) AppleWebKit/537.{} (KHTML, like Gecko) )"
        R"(Chrome/{}.0.{}.{} Safari/537.36\")",
        5 + random.below(6), random.below(5), random.below(50), 30 + random.below(120),
        1900 + random.below(3000), number);
}

// From city to lat, and from lastName to the end.
std::string device(const std::string& city, std::uint64_t place, std::uint64_t agent) {
    Random random(place);
    return fmt::format(
        R"("city":"{}","zip":"{:05}","state":"{}{}","userAgent":"{}","lon":{:.4f},"lat":{:.4f})",
        city, place % 100'000, static_cast<char>('A' + random.below(5)),
        static_cast<char>('A' + random.below(10)), user_agent(agent), -124 + random.unit() * 55,
        25 + random.unit() * 24);
}
std::string person(const std::string& last_name, const std::string& first_name,
                   std::uint64_t user) {
    return fmt::format(R"("lastName":"{}","firstName":"{}","gender":"{}","registration":{})",
                       last_name, first_name, user % 2 == 0 ? "F" : "M",
                       kStartMs - static_cast<std::int64_t>(user * 7919 % 90) * kDayMs);
}

// How many different values each catalogue has.
struct Catalogues {
    std::uint64_t users, songs, artists, agents, places, last_names, first_names;
};
constexpr Catalogues kLow{20'000, 10'000, 6'000, 500, 2'000, 1'000, 1'000};
// The Million Song Dataset's tracks, US postal codes, the census's names.
constexpr Catalogues kHigh{1'000'000, 385'252, 45'000, 10'000, 41'490, 88'799, 5'494};
constexpr std::uint64_t kMillion = 1'000'000;
constexpr Catalogues kUnique{kMillion, kMillion, kMillion, kMillion, kMillion, kMillion, kMillion};

class Generator {
public:
    Generator(const Catalogues& catalogues, bool is_bound, bool has_short_names)
        : catalogues_(catalogues), has_short_names_(has_short_names) {
        if (!is_bound) return;
        for (std::uint64_t user = 0; user < catalogues.users; ++user) {
            devices_.push_back(draw_device());
            people_.push_back(draw_person(user));
        }
    }

    void write(std::int64_t number, std::int64_t count, std::string& out) {
        const double at = static_cast<double>(number) / static_cast<double>(count) * kSpanMs;
        const std::int64_t ts = kStartMs + static_cast<std::int64_t>(at + random_.unit() * 60'000);
        const std::uint64_t user = random_.rank(catalogues_.users, 0.6);
        const std::uint64_t song = random_.rank(catalogues_.songs, 0.85);
        auto to = std::back_inserter(out);
        fmt::format_to(to, R"({{"artist":"{}","song":"{}","duration":{:.5f},"ts":{},)",
                       phrase(song % catalogues_.artists + kArtistsFrom), phrase(song + kSongsFrom),
                       60 + static_cast<double>(song * 7907 % 30'000'000) / 100'000, ts);
        fmt::format_to(to, R"("sessionId":{},"auth":"Logged In","level":"{}","itemInSession":{},)",
                       user + (static_cast<std::uint64_t>(number) >> 16 << 14),
                       user % 3 == 0 ? "free" : "paid", number % 40);
        const bool is_bound = !devices_.empty();
        fmt::format_to(to, "{},\"userId\":{},{}}}\n", is_bound ? devices_[user] : draw_device(),
                       user, is_bound ? people_[user] : draw_person(user));
    }

private:
    static constexpr std::uint64_t kSongsFrom = 10'000'000;
    static constexpr std::uint64_t kArtistsFrom = 20'000'000;

    std::string draw_device() {
        const std::uint64_t place = random_.below(catalogues_.places);
        return device(has_short_names_ ? word(place) : phrase(place), place,
                      random_.below(catalogues_.agents));
    }
    std::string draw_person(std::uint64_t user) {
        const std::uint64_t last = random_.below(catalogues_.last_names);
        const std::uint64_t first = random_.below(catalogues_.first_names);
        return has_short_names_ ? person(word(last), word(first), user)
                                : person(phrase(last * 2), phrase(first * 2 + 1), user);
    }

    Catalogues catalogues_;
    bool has_short_names_;
    Random random_{2026};
    std::vector<std::string> devices_, people_;
};

}  // namespace

int main(int argc, char** argv) {
    const std::string_view kind = argc == 3 ? argv[2] : "";
    const bool is_bound = kind == "low" || kind == "short";
    if (!is_bound && kind != "high" && kind != "unique") {
        fmt::print(stderr, "usage: generate_listens COUNT low|short|high|unique\n");
        return 2;
    }
    const std::int64_t count = std::atoll(argv[1]);
    Generator generator(is_bound         ? kLow
                        : kind == "high" ? kHigh
                                         : kUnique,
                        is_bound, kind == "short");
    std::string out;
    for (std::int64_t number = 0; number < count; ++number) {
        generator.write(number, count, out);
        if (out.size() < (1u << 20) && number + 1 < count) continue;
        if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 1;
        out.clear();
    }
    return 0;
}
