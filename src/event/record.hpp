// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "event/reason.hpp"
#include "event/schema.hpp"

// What one line says: the values of its fields, and the records it becomes.
//
// Everything here points into the line and the decoder, and lives until the next line is decoded.
namespace bassline::event {

/// Bytes readable after every text.
inline constexpr std::size_t kTextPadding = 32;

/// A string of the line. `escaped`: the bytes are the JSON spelling between the quotation marks,
/// with valid escapes and no surrogates (see unescape); otherwise they are the value itself.
/// kTextPadding more bytes are readable after it.
struct Text {
    const char* data;
    std::uint32_t size;
    bool escaped;

    std::string_view view() const { return {data, size}; }
};

union Value {
    std::int64_t integer;
    double real;
    bool boolean;
    Text text;
};

/// The known fields of a line. `seen` and `present` are sets of bit_of(Column): a field that is
/// null, or an empty text in any column but `location`, is seen and not present.
struct Fields {
    std::uint32_t seen = 0;
    std::uint32_t present = 0;
    bool user_id_is_text = false;  // as the single stream has it
    bool length_seen = false;      // `length` in place of `duration`, as the single stream has it
    std::array<Value, kProducerColumnCount> values{};

    bool has(Column column) const { return (present & bit_of(column)) != 0; }
    const Value& operator[](Column column) const { return values[index_of(column)]; }
    Value& operator[](Column column) { return values[index_of(column)]; }
};

struct Refusal {
    Reason reason;
    std::string detail;  // UTF-8, one line: field and value
};

/// One record of a topic: a bronze row, or a refusal.
struct Record {
    Topic topic;
    std::optional<Refusal> refusal;
};

/// A decoded line: one record, or two (a step of the single stream that is also a listen or a
/// status change).
struct Line {
    std::optional<InputFormat> format;  // none, and no fields, if the line could not be read at all
    Fields fields;
    std::string_view rescued;  // JSON object of the fields that have no column; empty if none
    std::array<Record, 2> records;
    std::size_t record_count = 0;
};

}  // namespace bassline::event
