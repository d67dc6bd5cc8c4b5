// SPDX-License-Identifier: Apache-2.0
#include "event/general_decoder.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "event/rules.hpp"
#include "event/text.hpp"
#include "simdjson.h"

namespace bassline::event {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kShownBytesMax = 120;
constexpr double kIntegralEnd = 9007199254740992.0;  // 2^53: 2^53 + 1 is read as this too
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string shown(dom::element value) {
    return std::string(utf8_prefix(simdjson::minify(value), kShownBytesMax));
}

std::string shown_name(std::string_view name) {
    return nlohmann::json(utf8_prefix(name, kShownBytesMax)).dump();
}

// The code unit of a `\uXXXX` at `at`, or none.
std::optional<unsigned> code_unit_at(std::string_view line, std::size_t at) {
    if (at + 6 > line.size() || line[at] != '\\' || line[at + 1] != 'u') return std::nullopt;
    unsigned code = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
        const auto digit = std::string_view("0123456789abcdef").find(line[i] | 0x20);
        if (digit == std::string_view::npos) return std::nullopt;
        code = code << 4 | static_cast<unsigned>(digit);
    }
    return code;
}

// Whether an escape is half of a surrogate pair: JSON by its grammar, but no text.
bool has_lone_surrogate(std::string_view line) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        if (line[i] != '\\') continue;
        const auto code = code_unit_at(line, i);
        if (code && (*code & 0xF800) == 0xD800) {
            const auto low = code_unit_at(line, i + 6);
            if ((*code & 0x0400) != 0 || !low || (*low & 0xFC00) != 0xDC00) return true;
            i += 6;
        }
        ++i;  // the escaped character, be it a backslash
    }
    return false;
}

std::string first_bad_byte(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size()) {
        const auto lead = static_cast<unsigned char>(line[at]);
        const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (!is_utf8(line.substr(at, bytes))) break;
        at += bytes;
    }
    return fmt::format("byte 0x{:02x} at position {} is not UTF-8",
                       static_cast<unsigned char>(line[at]), at);
}

std::string_view explain(simdjson::error_code error) {
    switch (error) {
        case simdjson::DEPTH_ERROR:
            return "nested too deeply";
        case simdjson::UNCLOSED_STRING:
            return "cut short in a text";
        case simdjson::UNESCAPED_CHARS:
            return "a control character in a text";
        case simdjson::STRING_ERROR:
            return "a text holds a bad escape";
        case simdjson::NUMBER_ERROR:
            return "a number that is none, or out of range";
        case simdjson::EMPTY:
            return "empty";
        default:
            return "not one complete JSON object";
    }
}

// An integer, or a float with an integral value (pandas writes a column with nulls as floats).
std::optional<std::int64_t> integer_of(dom::element value) {
    if (value.is_int64()) return value.get_int64().value_unsafe();
    if (!value.is_double()) return std::nullopt;
    const double real = value.get_double().value_unsafe();
    if (std::abs(real) >= kIntegralEnd || real != std::trunc(real)) return std::nullopt;
    return static_cast<std::int64_t>(real);
}

}  // namespace

struct GeneralDecoder::State {
    std::int64_t event_ms_max;
    dom::parser parser;
    Line line;
    std::array<dom::element, kProducerColumnCount> elements;  // by Column, where seen
    std::uint32_t mistyped = 0;  // columns whose value has another type
    std::string user_id;         // a number's digits
    std::string rescued;

    const Line& decode(std::string_view text);
    const Line& unreadable(Reason reason, std::string detail);
    std::optional<Refusal> read_object(dom::object object);
    void read_field(Column column, dom::element value);
    bool read_value(Column column, dom::element value);
    bool read_text(Column column, dom::element value);
    void rescue(dom::object object);
    void judge(Record& record) const;
    std::string detail_of(Reason reason, Column column) const;
};

const Line& GeneralDecoder::State::decode(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (!is_utf8(text)) return unreadable(Reason::bad_encoding, first_bad_byte(text));
    dom::element root;
    if (const auto error = parser.parse(text.data(), text.size(), false).get(root)) {
        if (has_lone_surrogate(text)) {
            return unreadable(Reason::bad_encoding, "an escape is half of a surrogate pair");
        }
        return unreadable(Reason::bad_json, std::string(explain(error)));
    }
    dom::object object;
    if (root.get_object().get(object)) {
        return unreadable(Reason::bad_json, "not an object: " + shown(root));
    }
    if (auto refusal = read_object(object)) {
        return unreadable(refusal->reason, std::move(refusal->detail));
    }
    classify(line);
    rescue(object);
    for (std::size_t i = 0; i < line.record_count; ++i) judge(line.records[i]);
    return line;
}

const Line& GeneralDecoder::State::unreadable(Reason reason, std::string detail) {
    line.format.reset();
    line.fields.seen = 0;
    line.fields.present = 0;
    line.rescued = {};
    line.record_count = 1;
    line.records[0] = {Topic::page_view_events, Refusal{reason, std::move(detail)}};
    return line;
}

std::optional<Refusal> GeneralDecoder::State::read_object(dom::object object) {
    Fields& fields = line.fields;
    fields.seen = 0;
    fields.present = 0;
    fields.user_id_is_text = false;
    fields.length_seen = false;
    mistyped = 0;
    std::unordered_set<std::string_view> unknown;
    for (const auto field : object) {
        const auto column = column_of_field(field.key);
        const bool fresh =
            column ? (fields.seen & bit_of(*column)) == 0 : unknown.insert(field.key).second;
        if (!fresh) return Refusal{Reason::bad_json, shown_name(field.key) + " stands there twice"};
        if (!column) continue;
        if (field.key == "length") fields.length_seen = true;
        read_field(*column, field.value);
    }
    return std::nullopt;
}

void GeneralDecoder::State::read_field(Column column, dom::element value) {
    line.fields.seen |= bit_of(column);
    elements[index_of(column)] = value;
    if (value.is_null()) return;
    if (!read_value(column, value)) mistyped |= bit_of(column);
}

// Whether the value has the column's type.
bool GeneralDecoder::State::read_value(Column column, dom::element value) {
    Value& out = line.fields[column];
    const Type type = definition(column).type;
    if (type == Type::text) return read_text(column, value);
    if (type == Type::boolean) {
        if (value.get_bool().get(out.boolean)) return false;
    } else if (type == Type::real) {
        if (!value.is_double() && !value.is_int64() && !value.is_uint64()) return false;
        out.real = value.get_double().value_unsafe() + 0.0;  // never -0.0
    } else {
        const auto integer = integer_of(value);
        if (!integer) return false;
        if (type == Type::int32 && *integer != static_cast<std::int32_t>(*integer)) return false;
        out.integer = *integer;
    }
    line.fields.present |= bit_of(column);
    return true;
}

bool GeneralDecoder::State::read_text(Column column, dom::element value) {
    std::string_view text;
    if (value.is_string()) {
        text = value.get_string().value_unsafe();
        if (column == Column::user_id) line.fields.user_id_is_text = true;
    } else if (column != Column::user_id) {
        return false;
    } else if (value.is_bigint()) {
        text = value.get_bigint().value_unsafe();
    } else if (value.is_uint64() || integer_of(value)) {
        user_id = value.is_uint64() ? std::to_string(value.get_uint64().value_unsafe())
                                    : std::to_string(*integer_of(value));
        user_id.reserve(user_id.size() + kTextPadding);
        text = user_id;
    } else {
        return false;
    }
    line.fields[column].text = {text.data(), static_cast<std::uint32_t>(text.size()), false};
    if (!text.empty() || column == Column::location) line.fields.present |= bit_of(column);
    return true;
}

// Keeps the fields that the line's first topic has no column for, those without a value aside.
void GeneralDecoder::State::rescue(dom::object object) {
    const std::uint32_t allowed = columns_of(line.records[0].topic).allowed;
    const std::uint32_t valued = line.fields.present | mistyped;
    rescued.clear();
    for (const auto field : object) {
        const auto column = column_of_field(field.key);
        if (column ? (bit_of(*column) & valued & ~allowed) == 0 : field.value.is_null()) continue;
        rescued += rescued.empty() ? '{' : ',';
        rescued += nlohmann::json(field.key).dump();
        rescued += ':';
        rescued += simdjson::minify(field.value);
    }
    if (!rescued.empty()) rescued += '}';
    rescued.reserve(rescued.size() + kTextPadding);
    line.rescued = rescued;
}

void GeneralDecoder::State::judge(Record& record) const {
    auto refuse = [&](Reason reason, Column column) {
        record.refusal = Refusal{reason, detail_of(reason, column)};
    };
    if (const auto bad = mistyped & columns_of(record.topic).allowed; bad != 0) {
        return refuse(Reason::bad_type, static_cast<Column>(std::countr_zero(bad)));
    }
    if (const auto breach = find_breach(line.fields, record.topic, event_ms_max)) {
        refuse(breach->reason, breach->column);
    }
}

std::string GeneralDecoder::State::detail_of(Reason reason, Column column) const {
    const auto name = definition(column).name;
    if ((line.fields.seen & bit_of(column)) == 0) return fmt::format("{} is missing", name);
    const auto value = shown(elements[index_of(column)]);
    if (reason == Reason::bad_type) {
        return fmt::format("{}: {} is no {}", name, value, to_string(definition(column).type));
    }
    return fmt::format("{}: {}", name, value);
}

GeneralDecoder::GeneralDecoder(std::int64_t event_ms_max) : state_(std::make_unique<State>()) {
    state_->event_ms_max = event_ms_max;
    state_->parser.number_as_string(true);
}
GeneralDecoder::~GeneralDecoder() = default;

const Line& GeneralDecoder::decode(std::string_view line) {
    return state_->decode(line);
}

std::string_view library_version() {
    return SIMDJSON_VERSION;
}

}  // namespace bassline::event
