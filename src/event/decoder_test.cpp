// SPDX-License-Identifier: Apache-2.0
#include "event/decoder.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "event/sample_lines.hpp"

namespace bassline::event {
namespace {

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
        {with(kListen, "101", "9007199254740993.0"), listen, Reason::bad_type, "sessionId"},
        {with(kListen, "101", "-9007199254740992.0"), listen, Reason::bad_type, "sessionId"},
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
        {with(kListen, "\"A\"", "\"  \""), listen, Reason::missing_required, "artist: \"  \""},
        {with(kListen, "\"S\"", "\" \\u0020\""), listen, Reason::missing_required, "song: "},
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
    const Line& blank_song = lines.decode(with(kSingle, "\"song\":\"D\"", "\"song\":\" \""));
    EXPECT_FALSE(blank_song.records[0].refusal);
    EXPECT_TRUE(blank_song.records[1].refusal);
    const Line& digits = lines.decode(with(kSingle, "\"song\":\"D\"", "\"song\":\" 202 u \""));
    EXPECT_FALSE(digits.records[1].refusal);
    const Line& too_long = lines.decode(with(kSingle, "218.14752", "20000"));
    ASSERT_EQ(too_long.record_count, 2u);
    EXPECT_TRUE(too_long.records[0].refusal && too_long.records[1].refusal);
}

}  // namespace
}  // namespace bassline::event
