// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "event/avro_reader.hpp"
#include "event/avro_schema.hpp"

// Any Avro value as JSON: for fields that have no column. Unions are what they hold; bytes are
// texts of the characters U+0000 to U+00FF; what JSON has no number for is a text ("NaN").
namespace bassline::event {

class AvroJsonWriter {
public:
    /// `values_left`, which outlives the writer: how many values may still be read, since some take
    /// no bytes.
    AvroJsonWriter(const AvroSchema& schema, AvroReader& reader, std::size_t& values_left)
        : schema_(schema), reader_(reader), values_left_(values_left) {}

    /// Appends the next value, of that type, or, with `out` null, passes over it. False: the bytes
    /// are bad, or `out` has grown beyond 4 MiB; the reader says why.
    bool write(std::uint32_t node, std::string* out) { return write_value(node, out, 0); }

private:
    bool write_value(std::uint32_t node, std::string* out, int depth);
    bool write_scalar(const AvroNode& node, std::string* out);
    bool write_record(const AvroNode& node, std::string* out, int depth);
    bool write_items(const AvroNode& node, std::string* out, int depth);
    bool write_item(const AvroNode& node, std::string* out, int depth);

    const AvroSchema& schema_;
    AvroReader& reader_;
    std::size_t& values_left_;
};

/// A JSON text of valid UTF-8, with its quotation marks.
void append_json_text(std::string& out, std::string_view text);
/// A JSON number, or a text if it is none.
void append_json_real(std::string& out, double value);

}  // namespace bassline::event
