// SPDX-License-Identifier: Apache-2.0
#include "simulator/damage.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace bassline::simulator {
namespace {

using event::Reason;
using event::Topic;

constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;  // docs/formats/bronze.md
constexpr std::size_t kFrameBytes = 5;                       // a Schema Registry's, before the line
constexpr double kRareShare = 0.01;                          // of all rare ones together
constexpr std::int64_t kMsPerDay = 86'400'000;

constexpr std::string_view kLevel = "\"level\":";
constexpr std::string_view kCity = "\"city\":";
constexpr std::string_view kSession = "\"sessionId\":";
constexpr std::string_view kRegistration = "\"registration\":";
constexpr std::string_view kTime = "\"ts\":";

constexpr auto kGood = std::nullopt;
constexpr std::string_view kNul("\0", 1);

// clang-format off
constexpr std::array kDamages = std::to_array<Damage>({
    // No JSON, or not one object.
    {"truncated", Reason::bad_json, Edit::cut},
    {"trailing_garbage", Reason::bad_json, Edit::back, "}"},
    {"two_records", Reason::bad_json, Edit::twice},
    {"array_of_a_record", Reason::bad_json, Edit::array},
    {"bare_text", Reason::bad_json, Edit::instead, "\"a text\""},
    {"bare_null", Reason::bad_json, Edit::instead, "null"},
    {"empty_object", Reason::missing_required, Edit::instead, "{}"},
    {"trailing_comma", Reason::bad_json, Edit::field, ""},
    {"unquoted_key", Reason::bad_json, Edit::field, "note:1"},
    {"single_quotes", Reason::bad_json, Edit::field, "'note':1"},
    {"repeated_key", Reason::bad_json, Edit::field, "\"ts\":1756684800000"},
    {"repeated_escaped_key", Reason::bad_json, Edit::field, "\"\\u0074s\":1756684800000"},
    {"repeated_unknown_key", Reason::bad_json, Edit::field, "\"note\":1,\"note\":1"},
    {"deep_nesting", Reason::bad_json, Edit::nesting, "", 2000},
    {"endless_nesting", Reason::bad_json, Edit::nesting, "", 100'000, true},
    // Numbers that are none, or do not fit.
    {"not_a_number", Reason::bad_json, Edit::session_id, "NaN"},
    {"infinity", Reason::bad_json, Edit::session_id, "Infinity"},
    {"negative_infinity", Reason::bad_json, Edit::lat, "-Infinity"},
    {"float_overflow", Reason::bad_json, Edit::lat, "1e309"},
    {"leading_zero", Reason::bad_json, Edit::session_id, "007"},
    {"hexadecimal", Reason::bad_json, Edit::session_id, "0x1F"},
    {"integer_overflow", Reason::bad_type, Edit::session_id, "9223372036854775808"},
    {"integer_underflow", Reason::bad_type, Edit::session_id, "-9223372036854775809"},
    {"unsigned_overflow", Reason::bad_json, Edit::session_id, "18446744073709551616"},
    {"integer_of_30_digits", Reason::bad_type, Edit::session_id, "123456789012345678901234567890"},
    {"int32_overflow", Reason::bad_type, Edit::item_in_session, "2147483648"},
    {"inexact_float", Reason::bad_type, Edit::session_id, "9007199254740993.0"},
    {"fraction", Reason::bad_type, Edit::session_id, "7.5"},
    // Another type, no value, or one that cannot be.
    {"text_for_number", Reason::bad_type, Edit::session_id, "\"seven\""},
    {"boolean_for_number", Reason::bad_type, Edit::session_id, "true"},
    {"object_for_number", Reason::bad_type, Edit::session_id, "{\"is\":7}"},
    {"number_for_text", Reason::bad_type, Edit::level, "7"},
    {"missing_field", Reason::missing_required, Edit::session_id, "null"},
    {"unknown_level", Reason::bad_enum, Edit::in_level, "very "},
    {"endless_song", Reason::duration_out_of_range, Edit::duration, "10800.5"},
    {"far_future", Reason::ts_out_of_range, Edit::ts, "253402300799000"},  // 9999-12-31
    {"year_zero", Reason::ts_out_of_range, Edit::ts, "-62167219200000"},
    {"before_2000", Reason::ts_out_of_range, Edit::ts, "946684799999"},
    {"last_millisecond", Reason::ts_out_of_range, Edit::ts, "9223372036854775807"},
    {"seconds", Reason::ts_out_of_range, Edit::ts_second},
    {"microseconds", Reason::ts_out_of_range, Edit::ts_end, "000"},
    {"fraction_of_millisecond", Reason::bad_type, Edit::ts_end, ".5"},
    {"calendar_time", Reason::bad_type, Edit::ts, "\"2025-09-01T00:00:00Z\""},
    // No text.
    {"invalid_utf8", Reason::bad_encoding, Edit::in_level, "\xFF"},
    {"overlong_utf8", Reason::bad_encoding, Edit::in_city, "\xC0\xAF"},
    {"surrogate_utf8", Reason::bad_encoding, Edit::in_city, "\xED\xA0\x80"},
    {"beyond_unicode", Reason::bad_encoding, Edit::in_city, "\xF4\x90\x80\x80"},
    {"half_a_character", Reason::bad_encoding, Edit::in_city, "\xE2\x82"},
    {"lone_surrogate", Reason::bad_encoding, Edit::in_level, "\\ud800"},
    {"lone_low_surrogate", Reason::bad_encoding, Edit::in_city, "\\udc00"},
    {"nul_byte", Reason::bad_json, Edit::in_level, kNul},
    {"control_character", Reason::bad_json, Edit::in_city, "\x01"},
    {"bad_escape", Reason::bad_json, Edit::in_city, "\\x41"},
    {"oversize", Reason::oversize, Edit::padded, "", kLineBytesMax + 1, true},
    // Odd, and right.
    {"byte_order_mark", kGood, Edit::front, "\xEF\xBB\xBF"},
    {"white_space", kGood, Edit::front, " \t "},
    {"escaped_nul", kGood, Edit::in_city, "\\u0000"},
    {"right_to_left", kGood, Edit::in_city, "\u202E\u05E9\u05DC\u05D5\u05DD \u0645\u0631\u062D\u0628\u0627\u202C"},
    {"four_byte_text", kGood, Edit::in_city, "\U0001F3B5\U0001F1E8\U0001F1FF\U0010FFFD"},
    {"surrogate_pair", kGood, Edit::in_city, "\\ud83c\\udfb5"},
    {"combining_marks", kGood, Edit::in_city, "Z\u0351\u0343\u0346a\u0335\u0327\u0321"},
    {"separators_in_text", kGood, Edit::in_city, "\u2028\u2029\u0085\x7F"},
    {"null_level", kGood, Edit::level, "null"},
    {"largest_integer", kGood, Edit::session_id, "9223372036854775807"},
    {"smallest_integer", kGood, Edit::session_id, "-9223372036854775808"},
    {"integral_float", kGood, Edit::session_id, "7.0"},
    {"exponent", kGood, Edit::session_id, "7e2"},
    {"smallest_int32", kGood, Edit::item_in_session, "-2147483648"},
    {"largest_int32", kGood, Edit::item_in_session, "2147483647"},
    {"endless_registration", kGood, Edit::registration, "9223372036854775807"},
    {"largest_double", kGood, Edit::lat, "1.7976931348623157e308"},
    {"smallest_double", kGood, Edit::lat, "5e-324"},
    {"many_digits", kGood, Edit::lat, "3.14159265358979323846264338327950288419716939937510582097494459"},
    {"negative_duration", kGood, Edit::duration, "-1.7976931348623157e308"},
    {"ts_as_float", kGood, Edit::ts_end, ".0"},
    {"earliest_ts", kGood, Edit::ts, "946684800000"},
    {"400_days_late", kGood, Edit::days_ago, "", 400},
    {"large_unknown_number", kGood, Edit::field, "\"note\":123456789012345678901234567890"},
    {"shallow_nesting", kGood, Edit::nesting, "", 10},
    {"nesting", kGood, Edit::nesting, "", 1000},
    {"ten_thousand_keys", kGood, Edit::keys, "", 10'000, true},
    {"longest_line", kGood, Edit::padded, "", kLineBytesMax - kFrameBytes, true},
});
// clang-format on

// Replaces the value of a key, up to the comma or brace behind it.
std::string with_value(std::string_view line, std::string_view key, std::string_view value) {
    const std::size_t at = line.find(key);
    assert(at != line.npos);
    const std::size_t begin = at + key.size();
    const std::size_t end = line.find_first_of(",}", begin);
    return fmt::format("{}{}{}", line.substr(0, begin), value, line.substr(end));
}

std::string inserted(std::string_view line, std::string_view key, std::string_view text) {
    const std::size_t at = line.find(key);
    assert(at != line.npos);
    const std::size_t begin = at + key.size() + 1;  // behind the quotation mark
    return fmt::format("{}{}{}", line.substr(0, begin), text, line.substr(begin));
}

std::string_view value_of(std::string_view line, std::string_view key) {
    const std::size_t begin = line.find(key) + key.size();
    return line.substr(begin, line.find_first_of(",}", begin) - begin);
}

std::int64_t number_in(std::string_view digits) {
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string with_field(std::string_view line, std::string_view field) {
    return fmt::format("{},{}}}", line.substr(0, line.size() - 1), field);
}

std::string with_keys(std::string_view line, std::size_t count) {
    std::string keys;
    for (std::size_t i = 0; i < count; ++i) keys += fmt::format("\"key{}\":{},", i, i);
    keys.pop_back();
    return with_field(line, keys);
}

std::string padded(std::string_view line, std::size_t bytes) {
    std::string field = "\"padding\":\"\"";
    field.insert(field.size() - 1, bytes - with_field(line, field).size(), 'x');
    return with_field(line, field);
}

std::string with_time(std::string_view line, const Damage& damage) {
    const std::string_view ts = value_of(line, kTime);
    switch (damage.edit) {
        case Edit::ts_end:
            return with_value(line, kTime, fmt::format("{}{}", ts, damage.text));
        case Edit::ts_second:
            return with_value(line, kTime, ts.substr(0, ts.size() - 3));
        case Edit::days_ago:
            return with_value(line, kTime, std::to_string(ts_of_damaged(damage, number_in(ts))));
        default:
            return with_value(line, kTime, damage.text);
    }
}

// By how they are drawn.
std::vector<const Damage*> damages_that_are(bool rare) {
    std::vector<const Damage*> found;
    for (const Damage& damage : kDamages) {
        if (damage.is_rare == rare) found.push_back(&damage);
    }
    return found;
}

}  // namespace

std::span<const Damage> damages() {
    return kDamages;
}

bool befalls(const Damage& damage, Topic topic) {
    return damage.edit != Edit::duration || topic == Topic::listen_events;
}

Topic counted_under(const Damage& damage, Topic topic) {
    const bool is_read = damage.edit != Edit::instead && damage.reason != Reason::bad_json &&
                         damage.reason != Reason::bad_encoding && damage.reason != Reason::oversize;
    return is_read ? topic : Topic::page_view_events;
}

std::int64_t ts_of_damaged(const Damage& damage, std::int64_t ts_ms) {
    if (damage.edit == Edit::ts) return number_in(damage.text);
    if (damage.edit != Edit::days_ago) return ts_ms;
    return ts_ms - static_cast<std::int64_t>(damage.number) * kMsPerDay;
}

const Damage& draw_damage(Topic topic, Uniforms draw) {
    static const std::vector<const Damage*> kCommon = damages_that_are(false);
    static const std::vector<const Damage*> kRare = damages_that_are(true);
    const auto& kinds = draw.v < kRareShare ? kRare : kCommon;
    const auto at = static_cast<std::size_t>(draw.u * static_cast<double>(kinds.size()));
    return befalls(*kinds[at], topic) ? *kinds[at] : kDamages.front();
}

double mean_damaged_bytes(Topic topic, std::string_view line) {
    double mean = 0;
    for (const bool rare : {false, true}) {
        const auto kinds = damages_that_are(rare);
        double bytes = 0;
        for (const Damage* kind : kinds) {
            const Damage& damage = befalls(*kind, topic) ? *kind : kDamages.front();
            bytes += static_cast<double>(damaged(line, damage).size());
        }
        mean += (rare ? kRareShare : 1 - kRareShare) * bytes / static_cast<double>(kinds.size());
    }
    return mean;
}

std::string damaged(std::string_view line, const Damage& damage) {
    switch (damage.edit) {
        case Edit::cut:
            return std::string(line.substr(0, line.find(kSession)));  // between characters
        case Edit::in_level:
            return inserted(line, kLevel, damage.text);
        case Edit::in_city:
            return inserted(line, kCity, damage.text);
        case Edit::level:
            return with_value(line, kLevel, damage.text);
        case Edit::session_id:
            return with_value(line, kSession, damage.text);
        case Edit::item_in_session:
            return with_value(line, "\"itemInSession\":", damage.text);
        case Edit::registration:
            return line.find(kRegistration) == line.npos
                       ? with_field(line, fmt::format("{}{}", kRegistration, damage.text))
                       : with_value(line, kRegistration, damage.text);
        case Edit::lat:
            return with_value(line, "\"lat\":", damage.text);
        case Edit::duration:
            return with_value(line, "\"duration\":", damage.text);
        case Edit::ts:
        case Edit::ts_end:
        case Edit::ts_second:
        case Edit::days_ago:
            return with_time(line, damage);
        case Edit::front:
            return fmt::format("{}{}", damage.text, line);
        case Edit::back:
            return fmt::format("{}{}", line, damage.text);
        case Edit::field:
            return with_field(line, damage.text);
        case Edit::array:
            return fmt::format("[{}]", line);
        case Edit::twice:
            return fmt::format("{}{}", line, line);
        case Edit::instead:
            return std::string(damage.text);
        case Edit::keys:
            return with_keys(line, damage.number);
        case Edit::nesting:
            return with_field(line, "\"deep\":" + std::string(damage.number, '[') +
                                        std::string(damage.number, ']'));
        case Edit::padded:
            return padded(line, damage.number);
    }
    return std::string(line);
}

}  // namespace bassline::simulator
