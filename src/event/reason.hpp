// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// Why a record is in quarantine (docs/formats/bronze.md, "Quarantine"). The names are part of the
// lake's format: `replay --reason` and the quality tables use them.
namespace bassline::event {

enum class Reason {
    bad_json,               // not one JSON object, cut short, nested too deeply, a key twice
    bad_type,               // a known field holds another JSON type, or a number out of its range
    missing_required,       // a required field is absent, null, or blank
    ts_out_of_range,        // before 2000, or over 24 hours past the time of ingest
    bad_enum,               // outside a closed vocabulary
    bad_encoding,           // not UTF-8, or half of a surrogate pair
    oversize,               // longer than kLineBytesMax
    duration_out_of_range,  // over three hours
    no_value,               // a Kafka record without content: null (a tombstone), empty or blank
    late,                   // longer after its time than `--late-after` allows
    bad_avro,               // no record of its schema: cut short, a wrong length, bytes behind it
    bad_framing,            // begins like a framed value, but the frame is cut short or of a kind
                            // that is not read
    unknown_schema,         // framed with an id that the Schema Registry does not know
    unsupported_schema,  // framed with a schema that is not read: Protobuf, references, no record
};

/// The name as it stands in the lake: "bad_json", ...
constexpr std::string_view to_string(Reason reason) {
    constexpr std::string_view kNames[] = {
        "bad_json",     "bad_type",    "missing_required",      "ts_out_of_range",   "bad_enum",
        "bad_encoding", "oversize",    "duration_out_of_range", "no_value",          "late",
        "bad_avro",     "bad_framing", "unknown_schema",        "unsupported_schema"};
    return kNames[static_cast<int>(reason)];
}

}  // namespace bassline::event
