// SPDX-License-Identifier: Apache-2.0
#include "event/avro_encoder.hpp"

#include <cassert>
#include <cstring>

#include "event/text.hpp"

namespace bassline::event {
namespace {

void append_varint(std::string& out, std::int64_t value) {
    auto bits = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
    for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80);
    out += static_cast<char>(bits);
}

void append_bytes(std::string& out, std::string_view bytes) {
    append_varint(out, static_cast<std::int64_t>(bytes.size()));
    out += bytes;
}

void append_value(std::string& out, const Value& value, Type type) {
    switch (type) {
        case Type::real: {
            char bytes[sizeof value.real];
            std::memcpy(bytes, &value.real, sizeof bytes);
            out.append(bytes, sizeof bytes);
            return;
        }
        case Type::boolean:
            out += value.boolean ? '\1' : '\0';
            return;
        case Type::text:
            append_bytes(out, value.text.escaped ? unescape(value.text.view()) : value.text.view());
            return;
        default:
            append_varint(out, value.integer);
    }
}

}  // namespace

void append_avro(std::string& out, const Fields& fields, Topic topic) {
    constexpr char kNull = '\0';   // branch 0 of the union
    constexpr char kValue = '\2';  // branch 1
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        const ColumnDefinition& one = definition(column);
        const Presence presence = one.in(topic);
        if (presence == Presence::absent) continue;
        const bool is_there = fields.has(column);
        assert(is_there || presence == Presence::optional);
        if (presence == Presence::optional) out += is_there ? kValue : kNull;
        if (is_there) append_value(out, fields[column], one.type);
    }
}

}  // namespace bassline::event
