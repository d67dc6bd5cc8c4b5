// SPDX-License-Identifier: Apache-2.0
#include "event/decoder.hpp"

#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "event/text.hpp"

namespace bassline::event {
namespace {

constexpr std::int64_t kEventMsMax = 1'800'000'000'000;

constexpr std::string_view kPageView =
    R"({"ts":1741132874000,"sessionId":68,"page":"NextSong","auth":"Logged In","method":"PUT","status":200,"level":"paid","itemInSession":17,"city":"North Wales","zip":"09455","state":"PA","userAgent":"\"Mozilla/5.0 (X)\"","lon":-75.2782,"lat":40.2109,"userId":69,"lastName":"Mills","firstName":"Lucas","gender":"M","registration":1688327212000,"artist":"The Sour","song":"Le\u00e9 \\o/","duration":521.9296})";
constexpr std::string_view kListen =
    R"({"artist":"A","song":"S","duration":200.5,"ts":1741996230000,"sessionId":101,"auth":"Logged In","level":"free","itemInSession":1,"city":"Boston","zip":"02151","state":"MA","userAgent":"M","lon":-71.0,"lat":42.4,"userId":7,"lastName":"K","firstName":"F","gender":"F","registration":1740787200000})";
constexpr std::string_view kAuth =
    R"({"ts":1741157141000,"sessionId":371,"level":"free","itemInSession":5,"city":"B","zip":"29902","state":"SC","userAgent":"M","lon":-80.6698,"lat":32.4316,"success":false})";
constexpr std::string_view kStatusChange =
    R"({"ts":1741271522000,"sessionId":752,"auth":"Logged In","level":"free","itemInSession":2,"city":"N","zip":"45156","state":"OH","userAgent":"M","lon":-84.2,"lat":38.8,"userId":171,"lastName":"H","firstName":"D","gender":"F","registration":1626685167000})";
constexpr std::string_view kSingle =
    R"({"ts":1741132878000,"userId":"31","sessionId":310,"page":"NextSong","auth":"Logged In","method":"PUT","status":200,"level":"paid","itemInSession":7,"location":"Tampa, FL","userAgent":"M","lastName":"K","firstName":"A","registration":1664626423000,"gender":"F","artist":"A","song":"D","length":218.14752})";
constexpr std::string_view kPandas =
    R"({"artist":null,"auth":"Logged Out","firstName":null,"gender":null,"itemInSession":0,"lastName":null,"length":null,"level":"free","location":null,"method":"GET","page":"Home","registration":null,"sessionId":82,"song":null,"status":200,"ts":1541122176796,"userAgent":null,"userId":""})";
constexpr std::string_view kRealLines[] = {kPageView,     kListen, kAuth,
                                           kStatusChange, kSingle, kPandas};

// Decodes a line in a buffer that ends kScanPadding after it, so that ASan sees every overrun.
class Lines {
public:
    explicit Lines(char padding = 0) : padding_(padding) {}

    const Line& decode(std::string_view line) { return decoder_.decode(own(line)); }
    const Line& decode_generally(std::string_view line) {
        return decoder_.decode_generally(own(line));
    }
    bool scan(std::string_view line, Fields& fields) { return scanner_.scan(own(line), fields); }

private:
    std::string_view own(std::string_view line) {
        buffer_ = std::make_unique<char[]>(line.size() + kScanPadding);
        line.copy(buffer_.get(), line.size());
        std::fill_n(buffer_.get() + line.size(), kScanPadding, padding_);
        return {buffer_.get(), line.size()};
    }

    char padding_;
    std::unique_ptr<char[]> buffer_;
    Decoder decoder_{kEventMsMax};
    Scanner scanner_;
};

std::string text_of(const Line& line, Column column) {
    if (!line.fields.has(column)) return "(null)";
    const Text& text = line.fields[column].text;
    return text.escaped ? unescape(text.view()) : std::string(text.view());
}

// Everything a line says, as text: two lines that read alike are alike.
std::string describe(const Line& line) {
    std::string out = line.format ? std::string(to_string(*line.format)) : "unreadable";
    for (std::size_t i = 0; i < line.record_count; ++i) {
        const auto& record = line.records[i];
        out += fmt::format(" {}", to_string(record.topic));
        if (record.refusal) {
            out +=
                fmt::format("!{} ({})", to_string(record.refusal->reason), record.refusal->detail);
        }
    }
    if (!line.format) return out;
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        if (!line.fields.has(column)) continue;
        const auto& definition_of = definition(column);
        const Value& value = line.fields[column];
        out += fmt::format(" {}=", definition_of.name);
        if (definition_of.type == Type::text) {
            out += text_of(line, column);
        } else if (definition_of.type == Type::real) {
            out += fmt::format("{:a}", value.real);
        } else if (definition_of.type == Type::boolean) {
            out += value.boolean ? "true" : "false";
        } else {
            out += std::to_string(value.integer);
        }
    }
    return out + " " + std::string(line.rescued);
}

std::string with(std::string_view line, std::string_view from, std::string_view to) {
    std::string changed(line);
    const auto at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
}

TEST(Decoder, TellsTheTopicsApartByTheirFields) {
    Lines lines;
    EXPECT_EQ(lines.decode(kPageView).records[0].topic, Topic::page_view_events);
    EXPECT_EQ(lines.decode(kListen).records[0].topic, Topic::listen_events);
    EXPECT_EQ(lines.decode(kAuth).records[0].topic, Topic::auth_events);
    EXPECT_EQ(lines.decode(kStatusChange).records[0].topic, Topic::status_change_events);
    for (const auto line : {kPageView, kListen, kAuth, kStatusChange}) {
        EXPECT_EQ(lines.decode(line).format, InputFormat::topics);
        EXPECT_EQ(lines.decode(line).record_count, 1u);
        EXPECT_FALSE(lines.decode(line).records[0].refusal);
    }
}

TEST(Decoder, AStepOfTheSingleStreamMayBeAListenToo) {
    Lines lines;
    const Line& line = lines.decode(kSingle);
    EXPECT_EQ(line.format, InputFormat::single);
    ASSERT_EQ(line.record_count, 2u);
    EXPECT_EQ(line.records[0].topic, Topic::page_view_events);
    EXPECT_EQ(line.records[1].topic, Topic::listen_events);
    EXPECT_EQ(line.fields[Column::duration].real, 218.14752);
    EXPECT_EQ(text_of(line, Column::user_id), "31");
    EXPECT_EQ(text_of(line, Column::location), "Tampa, FL");
}

TEST(Decoder, SubmittedChangesOfTheSingleStreamAreStatusChanges) {
    Lines lines;
    for (const auto* page : {"Submit Upgrade", "Submit Downgrade", "Submit\\u0020Upgrade"}) {
        const Line& line = lines.decode(with(kSingle, "NextSong", page));
        ASSERT_EQ(line.record_count, 2u) << page;
        EXPECT_EQ(line.records[1].topic, Topic::status_change_events);
    }
    EXPECT_EQ(lines.decode(with(kSingle, "NextSong", "Home")).record_count, 1u);
    EXPECT_EQ(lines.decode(with(kPageView, "NextSong", "Submit Upgrade")).record_count, 1u);
}

TEST(Decoder, NullsAndEmptyTextsAreAbsent) {
    Lines lines;
    const Line& line = lines.decode(kPandas);
    EXPECT_EQ(line.format, InputFormat::single);
    EXPECT_FALSE(line.fields.has(Column::user_id));
    EXPECT_FALSE(line.fields.has(Column::artist));
    EXPECT_FALSE(line.fields.has(Column::location));
    EXPECT_FALSE(line.records[0].refusal);
    EXPECT_TRUE(lines.decode(with(kSingle, "Tampa, FL", "")).fields.has(Column::location));
    EXPECT_FALSE(lines.decode(with(kSingle, "\"F\"", "\"\"")).fields.has(Column::gender));
}

TEST(Decoder, UserIdIsTextWhateverItsType) {
    Lines lines;
    auto user = [&](std::string_view id) {
        return text_of(
            lines.decode(with(kListen, "\"userId\":7", fmt::format("\"userId\":{}", id))),
            Column::user_id);
    };
    EXPECT_EQ(user("7"), "7");
    EXPECT_EQ(user("\"007\""), "007");
    EXPECT_EQ(user("7.0"), "7");
    EXPECT_EQ(user("-3"), "-3");
    EXPECT_EQ(user("18446744073709551615"), "18446744073709551615");
    EXPECT_EQ(user("123456789012345678901234567890"), "123456789012345678901234567890");
}

TEST(Decoder, IntegralFloatsAreIntegers) {
    Lines lines;
    const auto line = with(kSingle, "1664626423000", "1664626423796.0");
    EXPECT_EQ(lines.decode(line).fields[Column::registration].integer, 1664626423796);
    Fields fields;
    EXPECT_TRUE(lines.scan(line, fields)) << "pandas' floats belong to the fast path";
    EXPECT_EQ(lines.decode(with(kSingle, "1664626423000", "1.664626423e12"))
                  .fields[Column::registration]
                  .integer,
              1664626423000);
}

TEST(Decoder, UnknownFieldsAreRescued) {
    Lines lines;
    const Line& line = lines.decode(
        with(kListen, "{",
             R"({"trackId":"T\"1","deep":{"a":[1,2.5,null]},"none":null,"success":true,)"));
    EXPECT_FALSE(line.records[0].refusal);
    EXPECT_EQ(line.rescued, R"({"trackId":"T\"1","deep":{"a":[1,2.5,null]},"success":true})");
    EXPECT_EQ(
        lines.decode(with(kListen, "{", R"({"":1e2,"n":123456789012345678901234567890,)")).rescued,
        R"({"":100.0,"n":123456789012345678901234567890})");
}

TEST(Decoder, NullUsersUnknownPagesAndOddDurationsAreNoFault) {
    Lines lines;
    for (const auto& line :
         {with(kPageView, "\"userId\":69", "\"userId\":null"),
          with(kPageView, "NextSong", "Wrapped"), with(kPageView, "521.9296", "0"),
          with(kPageView, "521.9296", "-1.5"), with(kPageView, "521.9296", "null"),
          with(kPageView, "521.9296", "10800"), with(kPageView, "\"zip\":\"09455\",", ""),
          std::string(kPageView) + " \r", "\xEF\xBB\xBF" + std::string(kPageView),
          " " + std::string(kPageView), with(kPageView, "The Sour", "\\ud83c\\udfb5"),
          with(kPageView, "The Sour", "\\u0000")}) {
        const Line& decoded = lines.decode(line);
        EXPECT_FALSE(decoded.records[0].refusal) << line;
        EXPECT_EQ(decoded.format, InputFormat::topics) << line;
    }
}

struct Hostile {
    std::string line;
    Topic topic;
    Reason reason;
    std::string detail;  // a part of it
};

TEST(Decoder, RefusesHostileLinesWithTheirReason) {
    const auto page = Topic::page_view_events;
    const auto listen = Topic::listen_events;
    const std::string deep = std::string(5000, '[') + std::string(5000, ']');
    const Hostile table[] = {
        {"x", page, Reason::bad_json, ""},
        {"{", page, Reason::bad_json, ""},
        {"{}", page, Reason::missing_required, "ts is missing"},
        {"{\"a\":1}", page, Reason::missing_required, "ts is missing"},
        {"[]", page, Reason::bad_json, "not an object: []"},
        {"17", page, Reason::bad_json, "not an object: 17"},
        {"\"text\"", page, Reason::bad_json, "not an object"},
        {"null", page, Reason::bad_json, "not an object"},
        {std::string(kListen) + "{}", page, Reason::bad_json, ""},
        {std::string(kListen) + ",", page, Reason::bad_json, ""},
        {std::string(kListen.substr(0, 100)), page, Reason::bad_json, "cut short"},
        {std::string(kListen.substr(0, kListen.size() - 1)), page, Reason::bad_json, ""},
        {with(kListen, "\"ts\"", "ts"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "Infinity"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "NaN"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "1e999"), page, Reason::bad_json, "number"},
        {with(kListen, "200.5", "99999999999999999999"), page, Reason::bad_json, "out of range"},
        {with(kListen, "200.5", "0200.5"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", ".5"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "5."), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "+5"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "1 2"), page, Reason::bad_json, ""},
        {with(kListen, "200.5", "200.5,"), page, Reason::bad_json, ""},
        {with(kListen, "{", "{\"ts\":1,"), page, Reason::bad_json, "\"ts\" stands there twice"},
        {with(kListen, "{", "{\"x\":1,\"x\":1,"), page, Reason::bad_json, "\"x\" stands there"},
        {with(kListen, "{", "{\"length\":1,"), page, Reason::bad_json, "stands there twice"},
        {with(kListen, "{", "{\"x\":" + deep + ","), page, Reason::bad_json, "nested"},
        {with(kListen, "Boston", "Bos\ton"), page, Reason::bad_json, "control character"},
        {with(kListen, "Boston", std::string("Bos\0ton", 7)), page, Reason::bad_json, ""},
        {with(kListen, "Boston", "\\x"), page, Reason::bad_json, "bad escape"},
        {with(kListen, "Boston", "\\u12"), page, Reason::bad_json, "bad escape"},
        {with(kListen, "Boston", "\\ud800"), page, Reason::bad_encoding, "surrogate"},
        {with(kListen, "Boston", "\\udc00 x"), page, Reason::bad_encoding, "surrogate"},
        {with(kListen, "Boston", "\\ud800\\u0041"), page, Reason::bad_encoding, "surrogate"},
        {with(kListen, "Boston", "\xff"), page, Reason::bad_encoding, "byte 0xff at position 137"},
        {with(kListen, "Boston", "\xc0\x80"), page, Reason::bad_encoding, "0xc0"},
        {with(kListen, "Boston", "\xed\xa0\x80"), page, Reason::bad_encoding, "0xed"},
        {with(kListen, "Boston", "caf\xe9"), page, Reason::bad_encoding, "0xe9"},
        {std::string("\xff\xfe{\0}\0", 6), page, Reason::bad_encoding, "0xff"},
        {with(kListen, "1741996230000", "\"1741996230000\""), listen, Reason::bad_type,
         "ts: \"1741996230000\" is no INT64"},
        {with(kListen, "1741996230000", "1741996230000.5"), listen, Reason::bad_type, "ts"},
        {with(kListen, "1741996230000", "999999999999999999999"), listen, Reason::bad_type, "ts"},
        {with(kListen, "1741996230000", "true"), listen, Reason::bad_type, "ts: true"},
        {with(kListen, "\"itemInSession\":1", "\"itemInSession\":4294967296"), listen,
         Reason::bad_type, "itemInSession: 4294967296 is no INT32"},
        {with(kListen, "\"02151\"", "2151"), listen, Reason::bad_type, "zip: 2151 is no STRING"},
        {with(kListen, "200.5", "\"200.5\""), listen, Reason::bad_type, "duration"},
        {with(kListen, "\"A\"", "[\"A\"]"), listen, Reason::bad_type, "artist: [\"A\"]"},
        {with(kListen, "\"userId\":7", "\"userId\":7.5"), listen, Reason::bad_type, "userId: 7.5"},
        {with(kListen, "\"userId\":7", "\"userId\":true"), listen, Reason::bad_type, "userId"},
        {with(kAuth, "false", "0"), Topic::auth_events, Reason::bad_type, "success: 0"},
        {with(kListen, "\"ts\":1741996230000,", ""), listen, Reason::missing_required, "ts is mis"},
        {with(kListen, "101", "null"), listen, Reason::missing_required, "sessionId: null"},
        {with(kListen, "\"song\":\"S\",", ""), listen, Reason::missing_required, "song is missing"},
        {with(kListen, "\"A\"", "\"\""), listen, Reason::missing_required, "artist: \"\""},
        {with(kPandas, "\"page\":\"Home\",", ""), page, Reason::missing_required,
         "page is missing"},
        {with(kStatusChange, "\"sessionId\":752,", ""), page, Reason::missing_required, "sess"},
        {with(kListen, "1741996230000", "946684799999"), listen, Reason::ts_out_of_range, "ts: 94"},
        {with(kListen, "1741996230000", "1800000000001"), listen, Reason::ts_out_of_range, "ts"},
        {with(kListen, "1741996230000", "-1"), listen, Reason::ts_out_of_range, "ts: -1"},
        {with(kListen, "1741996230000", "1741996230"), listen, Reason::ts_out_of_range, "ts"},
        {with(kListen, "Logged In", "logged in"), listen, Reason::bad_enum, "auth: \"logged in\""},
        {with(kListen, "\"free\"", "\"gold\""), listen, Reason::bad_enum, "level: \"gold\""},
        {with(kListen, "\"gender\":\"F\"", "\"gender\":\"X\""), listen, Reason::bad_enum, "gender"},
        {with(kPageView, "PUT", "POST"), page, Reason::bad_enum, "method: \"POST\""},
        {with(kListen, "200.5", "10800.001"), listen, Reason::duration_out_of_range, "10800.001"},
        {with(kListen, "200.5", "1e300"), listen, Reason::duration_out_of_range, "duration"},
    };
    Lines lines;
    for (const auto& hostile : table) {
        const Line& line = lines.decode(hostile.line);
        ASSERT_EQ(line.record_count, 1u) << hostile.line;
        EXPECT_EQ(line.records[0].topic, hostile.topic) << hostile.line;
        ASSERT_TRUE(line.records[0].refusal) << hostile.line;
        EXPECT_EQ(to_string(line.records[0].refusal->reason), to_string(hostile.reason))
            << hostile.line;
        EXPECT_NE(line.records[0].refusal->detail.find(hostile.detail), std::string::npos)
            << hostile.line << ": " << line.records[0].refusal->detail;
        EXPECT_TRUE(is_utf8(line.records[0].refusal->detail));
    }
}

TEST(Decoder, EachRecordOfALineIsJudgedByItsOwnColumns) {
    Lines lines;
    const Line& no_song = lines.decode(with(kSingle, "\"song\":\"D\",", ""));
    EXPECT_FALSE(no_song.records[0].refusal);
    ASSERT_TRUE(no_song.records[1].refusal);
    EXPECT_EQ(no_song.records[1].refusal->reason, Reason::missing_required);
    const Line& too_long = lines.decode(with(kSingle, "218.14752", "20000"));
    ASSERT_EQ(too_long.record_count, 2u);
    EXPECT_TRUE(too_long.records[0].refusal && too_long.records[1].refusal);
}

TEST(Decoder, WhatEventSimWritesTakesTheFastPath) {
    Lines lines;
    for (int round = 0; round < 2; ++round) {
        for (const auto line : kRealLines) {
            Fields fields;
            EXPECT_TRUE(lines.scan(line, fields)) << line;
        }
    }
}

TEST(Decoder, BothPathsAgreeOnRealLines) {
    Lines lines;
    for (const auto line : kRealLines) {
        const auto fast = describe(lines.decode(line));
        EXPECT_EQ(fast, describe(lines.decode_generally(line)));
    }
}

// Mutates a line at random: bytes flipped, removed, doubled; pieces of other lines and of hostile
// spellings put in.
std::string mutate(std::mt19937_64& random, std::string line) {
    constexpr std::string_view kPieces[] = {"\"",
                                            "\\",
                                            "{",
                                            "}",
                                            ",",
                                            ":",
                                            "null",
                                            "-0",
                                            "0.1",
                                            "1e5",
                                            "\\u00e9",
                                            "\\ud8",
                                            "\"\"",
                                            "true",
                                            "9",
                                            "123456789",
                                            "-",
                                            ".0",
                                            " ",
                                            "\t",
                                            "\xc3\xa9",
                                            "\xff",
                                            "\"ts\":",
                                            "\"length\":1.0,",
                                            "\\\"",
                                            "[",
                                            "\n",
                                            "\r",
                                            "12345678901234567890",
                                            "4503599627370497.5",
                                            "0.30000000000000004",
                                            "\\u0041"};
    auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t change = 1 + below(3); change > 0; --change) {
        const std::size_t at = below(line.size() + 1);
        switch (below(6)) {
            case 0:
                if (at < line.size()) line[at] = static_cast<char>(random());
                break;
            case 1:
                line.erase(at, 1 + below(8));
                break;
            case 2:
                line.insert(at, kPieces[below(std::size(kPieces))]);
                break;
            case 3:
                line.insert(at, line.substr(below(line.size() + 1), below(40)));
                break;
            case 4: {
                const auto other = kRealLines[below(std::size(kRealLines))];
                line.insert(at, other.substr(below(other.size()), below(60)));
                break;
            }
            default: {  // a digit becomes another
                const auto digit = line.find_first_of("0123456789", at);
                if (digit != std::string::npos) line[digit] = static_cast<char>('0' + below(10));
            }
        }
    }
    return line;
}

TEST(Decoder, BothPathsAgreeOnMutatedLines) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    int accepted = 0;
    for (const char padding : {'\0', '"', '}', '7', ' '}) {
        Lines lines(padding);
        for (int i = 0; i < 20'000; ++i) {
            const auto line =
                mutate(random, std::string(kRealLines[random() % std::size(kRealLines)]));
            const auto fast = describe(lines.decode(line));
            ASSERT_EQ(fast, describe(lines.decode_generally(line))) << line;
            accepted += fast.find('!') == std::string::npos;
        }
    }
    EXPECT_GT(accepted, 5'000) << "too few lines survive to say anything";
}

TEST(Decoder, RandomBytesAreRefusedQuietly) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    Lines lines;
    for (int i = 0; i < 5'000; ++i) {
        std::string line(random() % 200, '\0');
        for (char& c : line) c = static_cast<char>(random());
        EXPECT_TRUE(lines.decode(line).records[0].refusal);
    }
}

}  // namespace
}  // namespace bassline::event
