// SPDX-License-Identifier: Apache-2.0
#include "event/avro_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "event/text.hpp"

namespace bassline::event {
namespace {

// Of all fields of a record; names repeat, so a short value may be long.
constexpr std::size_t kJsonBytesMax = 4u << 20;
constexpr int kValueDepthMax = 64;

void append(std::string* out, std::string_view text) {
    if (out != nullptr) *out += text;
}

std::string latin1_as_utf8(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x80) {
            text += byte;
        } else {
            text += static_cast<char>(0xC0 | code >> 6);
            text += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    return text;
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
    out += nlohmann::json(text).dump();
}

void append_json_real(std::string& out, double value) {
    if (std::isfinite(value)) {
        out += nlohmann::json(value).dump();
    } else {
        out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    }
}

bool AvroJsonWriter::write_value(std::uint32_t number, std::string* out, int depth) {
    if (depth > kValueDepthMax) return reader_.fail("nested too deeply");
    if (values_left_-- == 0) {
        values_left_ = 0;
        return reader_.fail("more values than its bytes can mean");
    }
    if (out != nullptr && out->size() > kJsonBytesMax) {
        return reader_.fail("its fields without a column are over 4 MiB as JSON");
    }
    const AvroNode& node = schema_.nodes[number];
    switch (node.kind) {
        case AvroKind::record:
            return write_record(node, out, depth);
        case AvroKind::array:
        case AvroKind::map:
            return write_items(node, out, depth);
        case AvroKind::choice: {
            std::size_t branch = 0;
            return reader_.read_index(node.parts.size(), branch) &&
                   write_value(node.parts[branch], out, depth + 1);
        }
        default:
            return write_scalar(node, out);
    }
}

bool AvroJsonWriter::write_scalar(const AvroNode& node, std::string* out) {
    std::int64_t integer = 0;
    double real = 0;
    bool boolean = false;
    std::string_view bytes;
    std::size_t index = 0;
    switch (node.kind) {
        case AvroKind::boolean:
            if (!reader_.read_boolean(boolean)) return false;
            append(out, boolean ? "true" : "false");
            return true;
        case AvroKind::int32:
        case AvroKind::int64:
            if (!(node.kind == AvroKind::int32 ? reader_.read_int(integer)
                                               : reader_.read_long(integer))) {
                return false;
            }
            append(out, std::to_string(integer));
            return true;
        case AvroKind::float32:
        case AvroKind::float64:
            if (!(node.kind == AvroKind::float32 ? reader_.read_float(real)
                                                 : reader_.read_double(real))) {
                return false;
            }
            if (out != nullptr) append_json_real(*out, real);
            return true;
        case AvroKind::string:
            if (!reader_.read_bytes(bytes)) return false;
            if (!is_utf8(bytes)) return reader_.fail("a text is not UTF-8");
            if (out != nullptr) append_json_text(*out, bytes);
            return true;
        case AvroKind::enumeration:
            if (!reader_.read_index(node.names.size(), index)) return false;
            if (out != nullptr) append_json_text(*out, node.names[index]);
            return true;
        case AvroKind::bytes:
        case AvroKind::fixed:
            if (!(node.kind == AvroKind::bytes ? reader_.read_bytes(bytes)
                                               : reader_.read_fixed(node.size, bytes))) {
                return false;
            }
            if (out != nullptr) append_json_text(*out, latin1_as_utf8(bytes));
            return true;
        default:
            append(out, "null");
            return true;
    }
}

bool AvroJsonWriter::write_record(const AvroNode& node, std::string* out, int depth) {
    append(out, "{");
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
        if (i > 0) append(out, ",");
        if (out != nullptr) {
            append_json_text(*out, node.names[i]);
            *out += ':';
        }
        if (!write_value(node.parts[i], out, depth + 1)) return false;
    }
    append(out, "}");
    return true;
}

bool AvroJsonWriter::write_items(const AvroNode& node, std::string* out, int depth) {
    const bool is_map = node.kind == AvroKind::map;
    append(out, is_map ? "{" : "[");
    bool is_first = true;
    while (true) {
        std::int64_t count = 0;
        if (!reader_.read_block(count)) return false;
        if (count == 0) break;
        for (; count > 0; --count) {
            if (!is_first) append(out, ",");
            is_first = false;
            if (!write_item(node, out, depth)) return false;
        }
    }
    append(out, is_map ? "}" : "]");
    return true;
}

bool AvroJsonWriter::write_item(const AvroNode& node, std::string* out, int depth) {
    if (node.kind == AvroKind::map) {
        std::string_view key;
        if (!reader_.read_bytes(key)) return false;
        if (!is_utf8(key)) return reader_.fail("a text is not UTF-8");
        if (out != nullptr) {
            append_json_text(*out, key);
            *out += ':';
        }
    }
    return write_value(node.parts[0], out, depth + 1);
}

}  // namespace bassline::event
