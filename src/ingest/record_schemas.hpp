// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "event/avro_plan.hpp"
#include "kafka/schema_registry.hpp"

// What the schema ids of framed records mean, made ready for decoding: one a thread, over a
// registry that all share.
//
// A value is prepared before it is decoded, so that decoding never waits. Preparing fails when the
// registry is down: nothing is then known of the value, and it must wait, not go to quarantine.
namespace bassline::ingest {

enum class SchemaUse : std::uint8_t { json, avro, unknown, unsupported };

struct PreparedSchema {
    SchemaUse use = SchemaUse::unknown;
    event::AvroPlan plan;  // of Avro
    std::string detail;    // why it cannot be used, for people
};

class RecordSchemas {
public:
    /// Without a registry (null) every id is unknown. It outlives the object.
    explicit RecordSchemas(kafka::SchemaRegistry* registry) : registry_(registry) {}

    /// Without one there is nothing to prepare.
    bool has_registry() const { return registry_ != nullptr; }

    /// Learns what the value's id means, if it has one. Errors: `unavailable`, `config`.
    Result<void> prepare(std::string_view value);

    /// Of an id that was prepared. Lives until another one is prepared.
    const PreparedSchema& find(std::int32_t id) const;

private:
    Result<PreparedSchema> learn(std::int32_t id);

    kafka::SchemaRegistry* registry_;
    std::map<std::int32_t, PreparedSchema> known_;
    std::map<std::int32_t, PreparedSchema> unknown_;  // asked for again when prepared again
    std::int32_t latest_id_ = 0;
    bool has_latest_ = false;
};

}  // namespace bassline::ingest
