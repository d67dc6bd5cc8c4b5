// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// Why a record is in quarantine (docs/formats/bronze.md, "Quarantine"). The names are part of the
// lake's format: `replay --reason` and the quality tables use them.
namespace bassline::event {

enum class Reason {
    bad_json,               // not one JSON object, cut short, nested too deeply, a key twice
    bad_type,               // a known field holds another JSON type, or a number out of its range
    missing_required,       // a required field is absent or null
    ts_out_of_range,        // before 2000, or over 24 hours past the time of ingest
    bad_enum,               // outside a closed vocabulary
    bad_encoding,           // not UTF-8, or half of a surrogate pair
    oversize,               // longer than kLineBytesMax
    duration_out_of_range,  // over three hours
    no_value,               // a Kafka record without content: null (a tombstone), empty or blank
    late,                   // longer after its time than `--late-after` allows
};

/// The name as it stands in the lake: "bad_json", ...
constexpr std::string_view to_string(Reason reason) {
    constexpr std::string_view kNames[] = {
        "bad_json",     "bad_type", "missing_required",      "ts_out_of_range", "bad_enum",
        "bad_encoding", "oversize", "duration_out_of_range", "no_value",        "late"};
    return kNames[static_cast<int>(reason)];
}

}  // namespace bassline::event
