// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// How serialisers mark a value with its schema: a zero byte, the schema's id in four bytes (big
// endian), the payload. Newer ones may write a one and a GUID of 16 bytes, or put either into a
// header of the record (`__value_schema_id`) and leave the value bare. Pure.
namespace bassline::kafka {

inline constexpr std::size_t kFrameBytes = 5;
inline constexpr std::string_view kSchemaHeader = "__value_schema_id";

enum class FramingKind : std::uint8_t {
    plain,      // no schema: the whole value is the payload
    framed,     // by id
    guid,       // by GUID, which is not supported
    cut_short,  // the value ends within the frame
};

struct Framing {
    FramingKind kind = FramingKind::plain;
    std::int32_t schema_id = 0;
    std::string_view payload;
};

/// Neither JSON nor text begins with a zero or a one.
inline Framing read_framing(std::string_view value) {
    if (value.empty() || value.front() > '\1' || value.front() < '\0') return {.payload = value};
    if (value.front() == '\1') return {.kind = FramingKind::guid, .payload = value};
    if (value.size() < kFrameBytes) return {.kind = FramingKind::cut_short, .payload = value};
    std::uint32_t id = 0;
    for (std::size_t i = 1; i < kFrameBytes; ++i)
        id = id << 8 | static_cast<unsigned char>(value[i]);
    return {.kind = FramingKind::framed,
            .schema_id = static_cast<std::int32_t>(id),
            .payload = value.substr(kFrameBytes)};
}

/// Appends the frame before a payload.
inline void put_frame(std::string& out, std::int32_t schema_id) {
    out += '\0';
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<std::uint32_t>(schema_id) >> shift);
    }
}

}  // namespace bassline::kafka
