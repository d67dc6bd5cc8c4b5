// SPDX-License-Identifier: Apache-2.0
#include "ingest/record_schemas.hpp"

#include <fmt/format.h>

#include "kafka/framing.hpp"

namespace bassline::ingest {
namespace {

constexpr std::size_t kUnknownSchemasMax = 10'000;

PreparedSchema unsupported(std::int32_t id, std::string_view why) {
    return {.use = SchemaUse::unsupported, .detail = fmt::format("schema {}: {}", id, why)};
}

PreparedSchema prepared(const kafka::Schema& schema) {
    if (schema.type == kafka::SchemaType::json) return {.use = SchemaUse::json};
    if (schema.type == kafka::SchemaType::other) {
        return unsupported(schema.id, "neither Avro nor JSON Schema");
    }
    if (schema.has_references) {
        return unsupported(schema.id, "refers to other schemas, which are not read");
    }
    auto plan = event::make_avro_plan(schema.text);
    if (!plan) return unsupported(schema.id, plan.error().message);
    return {.use = SchemaUse::avro, .plan = std::move(plan).value()};
}

}  // namespace

Result<PreparedSchema> RecordSchemas::learn(std::int32_t id) {
    const auto found = registry_->find(id);
    if (found) return prepared(*found.value());
    if (found.error().kind != ErrorKind::not_found) return found.error();
    return PreparedSchema{.detail = found.error().message};
}

Result<void> RecordSchemas::prepare(std::string_view value) {
    const kafka::Framing framing = kafka::read_framing(value);
    if (registry_ == nullptr || framing.kind != kafka::FramingKind::framed) return {};
    if (has_latest_ && framing.schema_id == latest_id_) return {};
    has_latest_ = false;
    if (!known_.contains(framing.schema_id)) {
        TRY_ASSIGN(PreparedSchema schema, learn(framing.schema_id));
        if (schema.use == SchemaUse::unknown) {
            if (unknown_.size() >= kUnknownSchemasMax) unknown_.clear();
            unknown_.insert_or_assign(framing.schema_id, std::move(schema));
            return {};
        }
        known_.insert_or_assign(framing.schema_id, std::move(schema));
    }
    latest_id_ = framing.schema_id;
    has_latest_ = true;
    return {};
}

const PreparedSchema& RecordSchemas::find(std::int32_t id) const {
    if (const auto found = known_.find(id); found != known_.end()) return found->second;
    static const PreparedSchema kNobodyToAsk{
        .detail = "framed with a schema's id: name a --schema-registry"};
    const auto found = unknown_.find(id);
    return found == unknown_.end() ? kNobodyToAsk : found->second;
}

}  // namespace bassline::ingest
