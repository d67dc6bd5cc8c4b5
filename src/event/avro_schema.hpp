// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// An Avro schema as its writer published it (https://avro.apache.org/docs/1.11.1/specification/).
namespace bassline::event {

enum class AvroKind : std::uint8_t {
    null,
    boolean,
    int32,
    int64,
    float32,
    float64,
    bytes,
    string,
    record,
    enumeration,
    array,
    map,
    choice,  // a union
    fixed,
};

/// The name in the specification: "int", "long", "union", ...
std::string_view to_string(AvroKind kind);

/// A type. Others that it is made of are numbers in AvroSchema::nodes, which may be cyclic.
struct AvroNode {
    AvroKind kind = AvroKind::null;
    std::vector<std::uint32_t> parts;  // fields' types, branches, or the one of items or values
    std::vector<std::string> names;    // of fields, or symbols
    std::uint32_t size = 0;            // of a fixed, bytes
};

struct AvroSchema {
    std::vector<AvroNode> nodes;
    std::uint32_t root = 0;
};

/// Logical types are read as what they are stored as; aliases, docs and defaults of the writer do
/// not matter to a reader. Errors: `bad_data` saying what is wrong.
Result<AvroSchema> parse_avro_schema(std::string_view text);

}  // namespace bassline::event
