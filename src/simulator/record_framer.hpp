// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "event/decoder.hpp"
#include "kafka/schema_registry.hpp"

// Records as a producer with a Schema Registry writes them: a frame with the schema's id, then the
// record as JSON or as Avro.
//
// A line that is no record of its topic, or more than that (damaged on purpose), has no Avro: it is
// written as it is, without a frame, as by a producer that goes past the registry. Framed JSON is
// never looked into.
namespace bassline::simulator {

enum class RecordEncoding : std::uint8_t { json, avro };

class RecordFramer {
public:
    /// Registers a schema for each topic, under `<prefix><topic>-value`, if the registry finds all
    /// of them compatible with what is there. Errors: as kafka::SchemaRegistry::add.
    static Result<RecordFramer> register_schemas(kafka::SchemaRegistry& registry,
                                                 const std::string& topic_prefix,
                                                 RecordEncoding encoding);

    /// The value for a line; lives until the next call.
    std::string_view frame(event::Topic topic, std::string_view line);

private:
    explicit RecordFramer(RecordEncoding encoding);

    bool append_record(event::Topic topic, std::string_view line);

    RecordEncoding encoding_;
    std::array<std::int32_t, event::kTopicCount> ids_{};  // of schemas
    std::unique_ptr<event::Decoder> decoder_;
    std::string line_;  // with room behind it for the decoder
    std::string value_;
};

}  // namespace bassline::simulator
