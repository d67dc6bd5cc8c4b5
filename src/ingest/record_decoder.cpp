// SPDX-License-Identifier: Apache-2.0
#include "ingest/record_decoder.hpp"

#include "kafka/framing.hpp"

namespace bassline::ingest {

using event::Reason;
using kafka::FramingKind;

const event::Line& RecordDecoder::refuse(Reason reason, std::string detail) {
    return avro_.refuse(event::Topic::page_view_events, reason, std::move(detail));
}

RecordDecoder::Answer RecordDecoder::decode_framed(std::string_view value) {
    const kafka::Framing framing = kafka::read_framing(value);
    switch (framing.kind) {
        case FramingKind::plain:
            return {json_.decode(value), std::nullopt};
        case FramingKind::guid:
            return {refuse(Reason::bad_framing,
                           "framed with the GUID of a schema; only ids (a zero byte) are read"),
                    std::nullopt};
        case FramingKind::cut_short:
            return {refuse(Reason::bad_framing, "cut short within the frame"), std::nullopt};
        case FramingKind::framed:
            break;
    }
    static const RecordSchemas kNone(nullptr);
    const RecordSchemas& schemas = schemas_ == nullptr ? kNone : *schemas_;
    return {decode_with(schemas.find(framing.schema_id), framing.payload), framing.schema_id};
}

const event::Line& RecordDecoder::decode_with(const PreparedSchema& schema,
                                              std::string_view payload) {
    switch (schema.use) {
        case SchemaUse::json:
            return json_.decode(payload);
        case SchemaUse::avro:
            return avro_.decode(schema.plan, payload);
        case SchemaUse::unknown:
            break;
        case SchemaUse::unsupported:
            return refuse(Reason::unsupported_schema, schema.detail);
    }
    return refuse(Reason::unknown_schema, schema.detail);
}

}  // namespace bassline::ingest
