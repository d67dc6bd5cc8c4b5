// SPDX-License-Identifier: Apache-2.0
#include "event/avro_schema.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "event/record.hpp"
#include "event/text.hpp"

namespace bassline::event {
namespace {

using nlohmann::json;

constexpr std::size_t kAvroDepthMax = 64;
constexpr std::size_t kShownNameMax = 80;
constexpr std::size_t kAvroNodesMax = 100'000;

constexpr std::array<std::string_view, 14> kKindNames{
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "array", "map",   "union",  "fixed"};
constexpr std::size_t kPrimitives = 8;

// What is shown is short and flat, whatever stands there.
Error wrong(std::string_view what, const json& where) {
    std::string shown;
    if (where.is_string()) shown = where.get<std::string>();
    if (where.is_object() && where.contains("name") && where["name"].is_string()) {
        shown = where["name"].get<std::string>();
    }
    return error(ErrorKind::bad_data, "the Avro schema {}: '{}'", what,
                 utf8_prefix(shown, kShownNameMax));
}

class AvroSchemaParser {
public:
    Result<AvroSchema> parse(std::string_view text) {
        const json root = json::parse(text, nullptr, false);
        if (root.is_discarded()) return error(ErrorKind::bad_data, "the Avro schema is no JSON");
        TRY_ASSIGN(schema_.root, add_type(root, "", 0));
        return std::move(schema_);
    }

private:
    using Node = std::uint32_t;

    Result<Node> add_node(AvroKind kind) {
        if (schema_.nodes.size() >= kAvroNodesMax) {
            return error(ErrorKind::bad_data, "the Avro schema has more than {} types",
                         kAvroNodesMax);
        }
        schema_.nodes.push_back({.kind = kind});
        return static_cast<Node>(schema_.nodes.size() - 1);
    }

    Result<Node> add_type(const json& type, const std::string& space, std::size_t depth) {
        if (depth > kAvroDepthMax) return error(ErrorKind::bad_data, "the Avro schema is too deep");
        if (type.is_string()) return add_named(type, space);
        if (type.is_array()) return add_union(type, space, depth);
        if (!type.is_object() || !type.contains("type")) return wrong("has no type", type);
        const json& inner = type["type"];
        if (!inner.is_string()) return add_type(inner, space, depth + 1);
        const auto& name = inner.get_ref<const std::string&>();
        if (name == "record" || name == "error") return add_record(type, space, depth);
        if (name == "enum") return add_enum(type, space);
        if (name == "fixed") return add_fixed(type, space);
        if (name == "array") return add_container(AvroKind::array, "items", type, space, depth);
        if (name == "map") return add_container(AvroKind::map, "values", type, space, depth);
        return add_named(inner, space);
    }

    Result<Node> add_named(const json& type, const std::string& space) {
        const auto& name = type.get_ref<const std::string&>();
        const auto* const end = kKindNames.begin() + kPrimitives;
        const auto* const found = std::find(kKindNames.begin(), end, name);
        if (found != end) return add_node(static_cast<AvroKind>(found - kKindNames.begin()));
        for (const std::string& full : {full_name(name, space), name}) {
            if (const auto known = named_.find(full); known != named_.end()) return known->second;
        }
        return wrong("names an unknown type", type);
    }

    Result<Node> add_union(const json& types, const std::string& space, std::size_t depth) {
        TRY_ASSIGN(const Node node, add_node(AvroKind::choice));
        for (const json& type : types) {
            if (type.is_array()) return wrong("has a union in a union", types);
            TRY_ASSIGN(const Node part, add_type(type, space, depth + 1));
            schema_.nodes[node].parts.push_back(part);
        }
        return node;
    }

    Result<Node> add_container(AvroKind kind, const char* part_name, const json& type,
                               const std::string& space, std::size_t depth) {
        if (!type.contains(part_name)) return wrong("has a container of nothing", type);
        TRY_ASSIGN(const Node node, add_node(kind));
        TRY_ASSIGN(const Node part, add_type(type[part_name], space, depth + 1));
        schema_.nodes[node].parts.push_back(part);
        return node;
    }

    static std::string full_name(const std::string& name, const std::string& space) {
        return name.find('.') != name.npos || space.empty() ? name : space + "." + name;
    }

    // A new named type; `space` becomes that of the names within it.
    Result<Node> add_name(AvroKind kind, const json& type, std::string& space) {
        if (!type.contains("name") || !type["name"].is_string()) return wrong("lacks a name", type);
        if (type.contains("namespace") && type["namespace"].is_string()) space = type["namespace"];
        const std::string full = full_name(type["name"], space);
        const auto dot = full.rfind('.');
        space = dot == full.npos ? "" : full.substr(0, dot);
        TRY_ASSIGN(const Node node, add_node(kind));
        if (!named_.emplace(full, node).second) return wrong("names a type twice", type);
        return node;
    }

    Result<Node> add_record(const json& type, std::string space, std::size_t depth) {
        TRY_ASSIGN(const Node node, add_name(AvroKind::record, type, space));
        if (!type.contains("fields") || !type["fields"].is_array()) {
            return wrong("has a record without fields", type);
        }
        std::set<std::string> seen;
        for (const json& field : type["fields"]) {
            if (!field.is_object() || !field.contains("name") || !field["name"].is_string() ||
                !field.contains("type")) {
                return wrong("has a field without name or type", field);
            }
            const std::string name = field["name"];
            if (!seen.insert(name).second) return wrong("has a field twice", field);
            TRY_ASSIGN(const Node part, add_type(field["type"], space, depth + 1));
            schema_.nodes[node].parts.push_back(part);
            schema_.nodes[node].names.push_back(name);
        }
        return node;
    }

    Result<Node> add_enum(const json& type, std::string space) {
        TRY_ASSIGN(const Node node, add_name(AvroKind::enumeration, type, space));
        if (!type.contains("symbols") || !type["symbols"].is_array()) {
            return wrong("has an enum without symbols", type);
        }
        for (const json& symbol : type["symbols"]) {
            if (!symbol.is_string()) return wrong("has a symbol that is no text", type);
            std::string text = symbol;
            text.reserve(text.size() + kTextPadding);  // it may become a text of a record
            schema_.nodes[node].names.push_back(std::move(text));
        }
        return node;
    }

    Result<Node> add_fixed(const json& type, std::string space) {
        TRY_ASSIGN(const Node node, add_name(AvroKind::fixed, type, space));
        constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 30;
        if (!type.contains("size") || !type["size"].is_number_unsigned() ||
            type["size"].get<std::uint64_t>() > kSizeMax) {
            return wrong("has a fixed without a size", type);
        }
        schema_.nodes[node].size = type["size"];
        return node;
    }

    AvroSchema schema_;
    std::map<std::string, Node> named_;
};

}  // namespace

std::string_view to_string(AvroKind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}

Result<AvroSchema> parse_avro_schema(std::string_view text) {
    return AvroSchemaParser().parse(text);
}

}  // namespace bassline::event
