// SPDX-License-Identifier: Apache-2.0
#include "event/published_schema.hpp"

#include <nlohmann/json.hpp>

namespace bassline::event {
namespace {

using nlohmann::ordered_json;

ordered_json json_type_of(Column column, Type type, bool is_required) {
    ordered_json types = ordered_json::array();
    if (column == Column::user_id) types.push_back("integer");
    switch (type) {
        case Type::int32:
        case Type::int64:
            types.push_back("integer");
            break;
        case Type::real:
            types.push_back("number");
            break;
        case Type::boolean:
            types.push_back("boolean");
            break;
        default:
            types.push_back("string");
    }
    if (!is_required) types.push_back("null");
    return types.size() == 1 ? types.front() : types;
}

std::string_view avro_type_of(Type type) {
    switch (type) {
        case Type::int32:
            return "int";
        case Type::int64:
            return "long";
        case Type::real:
            return "double";
        case Type::boolean:
            return "boolean";
        default:
            return "string";
    }
}

ordered_json json_property(Column column, Topic topic) {
    const ColumnDefinition& one = definition(column);
    const bool is_required = one.in(topic) == Presence::required;
    ordered_json property{{"type", json_type_of(column, one.type, is_required)}};
    if (!one.vocabulary.empty()) {
        ordered_json& values = property["enum"] = ordered_json::array();
        for (const std::string_view word : one.vocabulary) values.push_back(word);
        if (!is_required) values.push_back(nullptr);
    }
    if (!one.description.empty()) property["description"] = one.description;
    return property;
}

ordered_json avro_field(Column column, Topic topic) {
    const ColumnDefinition& one = definition(column);
    ordered_json field{{"name", one.name}};
    const std::string_view type = avro_type_of(one.type);
    if (one.in(topic) == Presence::required) {
        field["type"] = type;
    } else {
        field["type"] = {"null", type};
        field["default"] = nullptr;
    }
    if (!one.description.empty()) field["doc"] = one.description;
    return field;
}

}  // namespace

std::string json_schema_of(Topic topic) {
    ordered_json properties = ordered_json::object();
    ordered_json required = ordered_json::array();
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        const ColumnDefinition& one = definition(column);
        if (one.in(topic) == Presence::absent) continue;
        properties[std::string(one.name)] = json_property(column, topic);
        if (one.in(topic) == Presence::required) required.push_back(one.name);
    }
    return ordered_json{{"$schema", "http://json-schema.org/draft-07/schema#"},
                        {"title", to_string(topic)},
                        {"type", "object"},
                        {"properties", std::move(properties)},
                        {"required", std::move(required)},
                        {"additionalProperties", false}}
        .dump();
}

std::string avro_schema_of(Topic topic) {
    ordered_json fields = ordered_json::array();
    for (std::size_t i = 0; i < kProducerColumnCount; ++i) {
        const auto column = static_cast<Column>(i);
        if (definition(column).in(topic) != Presence::absent) {
            fields.push_back(avro_field(column, topic));
        }
    }
    return ordered_json{{"type", "record"},
                        {"name", to_string(topic)},
                        {"namespace", "bassline"},
                        {"fields", std::move(fields)}}
        .dump();
}

}  // namespace bassline::event
