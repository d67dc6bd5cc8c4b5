// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "event/avro_decoder.hpp"
#include "event/decoder.hpp"
#include "ingest/record_schemas.hpp"

// A Kafka value as a line: plain JSON, framed JSON, framed Avro (docs/formats/topics.md). Which of
// them it is, the value says itself. What cannot be read is a line with a refusal.
namespace bassline::ingest {

class RecordDecoder {
public:
    /// Events after `event_ms_max` are refused. The schemas outlive it; null: none is known.
    RecordDecoder(std::int64_t event_ms_max, const RecordSchemas* schemas)
        : json_(event_ms_max), avro_(event_ms_max), schemas_(schemas) {}

    struct Answer {
        const event::Line& line;                // lives until the next call
        std::optional<std::int32_t> schema_id;  // of a framed value
    };

    /// The value was prepared; event::kScanPadding bytes are readable after it.
    Answer decode(std::string_view value) {
        if (value.empty() || value.front() > '\1') return {json_.decode(value), std::nullopt};
        return decode_framed(value);
    }

    /// A line of a file, which has no frame.
    const event::Line& decode_line(std::string_view line) { return json_.decode(line); }

private:
    Answer decode_framed(std::string_view value);
    const event::Line& decode_with(const PreparedSchema& schema, std::string_view payload);
    const event::Line& refuse(event::Reason reason, std::string detail);

    event::Decoder json_;
    event::AvroDecoder avro_;
    const RecordSchemas* schemas_;
};

}  // namespace bassline::ingest
