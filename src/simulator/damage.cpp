// SPDX-License-Identifier: Apache-2.0
#include "simulator/damage.hpp"

#include <array>
#include <cassert>

namespace bassline::simulator {
namespace {

using event::Reason;
using event::Topic;

constexpr std::size_t kOversizeBytes = (std::size_t{1} << 20) + 1;
constexpr std::size_t kNesting = 2000;
constexpr double kOversizeShare = 0.002;

struct Kind {
    std::string_view name;
    Reason reason;
    bool is_readable;  // as JSON
};
constexpr std::array<Kind, kDamageCount> kKinds{{
    {"truncated", Reason::bad_json, false},
    {"invalid_utf8", Reason::bad_encoding, false},
    {"lone_surrogate", Reason::bad_encoding, false},
    {"nul_byte", Reason::bad_json, false},
    {"repeated_key", Reason::bad_json, false},
    {"not_a_number", Reason::bad_json, false},
    {"integer_overflow", Reason::bad_type, true},
    {"text_for_number", Reason::bad_type, true},
    {"missing_field", Reason::missing_required, true},
    {"far_future", Reason::ts_out_of_range, true},
    {"year_zero", Reason::ts_out_of_range, true},
    {"unknown_level", Reason::bad_enum, true},
    {"endless_song", Reason::duration_out_of_range, true},
    {"deep_nesting", Reason::bad_json, false},
    {"oversize", Reason::oversize, false},
}};

const Kind& kind_of(Damage damage) {
    return kKinds[static_cast<std::size_t>(damage)];
}

// Replaces the value of a key, up to the comma or brace behind it.
std::string with_value(std::string_view line, std::string_view key, std::string_view value) {
    const std::size_t at = line.find(key);
    assert(at != line.npos);
    const std::size_t begin = at + key.size();
    const std::size_t end = line.find_first_of(",}", begin);
    return std::string(line.substr(0, begin)) + std::string(value) + std::string(line.substr(end));
}

std::string inserted_into_level(std::string_view line, std::string_view text) {
    constexpr std::string_view kKey = "\"level\":\"";
    const std::size_t at = line.find(kKey) + kKey.size();
    return std::string(line.substr(0, at)) + std::string(text) + std::string(line.substr(at));
}

std::string with_field(std::string_view line, std::string_view field) {
    return std::string(line.substr(0, line.size() - 1)) + "," + std::string(field) + "}";
}

}  // namespace

std::string_view to_string(Damage damage) {
    return kind_of(damage).name;
}

Reason reason_of(Damage damage) {
    return kind_of(damage).reason;
}

Topic counted_under(Damage damage, Topic topic) {
    return kind_of(damage).is_readable ? topic : Topic::page_view_events;
}

Damage draw_damage(Topic topic, Uniforms draw) {
    if (draw.v < kOversizeShare) return Damage::oversize;
    constexpr auto kCommon = static_cast<double>(Damage::oversize);
    const auto damage = static_cast<Damage>(draw.u * kCommon);
    const bool fits = damage != Damage::endless_song || topic == Topic::listen_events;
    return fits ? damage : Damage::truncated;
}

std::string damaged(std::string_view line, Damage damage) {
    constexpr std::string_view kSession = "\"sessionId\":";
    constexpr std::string_view kTime = "\"ts\":";
    switch (damage) {
        case Damage::truncated:
            return std::string(line.substr(0, line.find(kSession)));  // between characters
        case Damage::invalid_utf8:
            return inserted_into_level(line, "\xFF");
        case Damage::lone_surrogate:
            return inserted_into_level(line, "\\ud800");
        case Damage::nul_byte:
            return inserted_into_level(line, std::string_view("\0", 1));
        case Damage::repeated_key:
            return with_field(line, "\"ts\":1756684800000");
        case Damage::not_a_number:
            return with_value(line, kSession, "NaN");
        case Damage::integer_overflow:
            return with_value(line, kSession, "9223372036854775808");
        case Damage::text_for_number:
            return with_value(line, kSession, "\"seven\"");
        case Damage::missing_field:
            return with_value(line, kSession, "null");
        case Damage::far_future:
            return with_value(line, kTime, "253402300799000");
        case Damage::year_zero:
            return with_value(line, kTime, "-62167219200000");
        case Damage::unknown_level:
            return inserted_into_level(line, "very ");
        case Damage::endless_song:
            return with_value(line, "\"duration\":", "10800.5");
        case Damage::deep_nesting:
            return with_field(
                line, "\"deep\":" + std::string(kNesting, '[') + std::string(kNesting, ']'));
        case Damage::oversize:
            return with_field(line, "\"padding\":\"" + std::string(kOversizeBytes, 'x') + "\"");
    }
    return std::string(line);
}

}  // namespace bassline::simulator
