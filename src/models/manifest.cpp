// SPDX-License-Identifier: Apache-2.0
#include "models/manifest.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/hash.hpp"

namespace bassline::models {
namespace {

using Json = nlohmann::ordered_json;  // the order of contract columns is the order of the table's

constexpr std::string_view kSchemaVersion = "https://schemas.getdbt.com/dbt/manifest/v12.json";

std::string text_or(const Json& object, const char* key, std::string fallback = {}) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>()
                                                       : std::move(fallback);
}

const Json& object_or_empty(const Json& object, const char* key) {
    static const Json kEmpty = Json::object();
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : kEmpty;
}

Result<void> check_metadata(const Json& metadata) {
    const std::string version = text_or(metadata, "dbt_schema_version", "none");
    if (version != kSchemaVersion) {
        return error(ErrorKind::config,
                     "the manifest has schema {}, this program executes {}; compile the models "
                     "with the dbt version "
                     "of the project",
                     version, kSchemaVersion);
    }
    const std::string adapter = text_or(metadata, "adapter_type", "none");
    if (adapter != "duckdb") {
        return error(ErrorKind::config,
                     "the manifest was compiled for {}, this program executes duckdb; run dbt "
                     "compile --target embedded",
                     adapter);
    }
    return {};
}

Result<Materialized> materialized_of(const std::string& unique_id, const std::string& name) {
    static const std::map<std::string, Materialized, std::less<>> kKnown = {
        {"view", Materialized::view},   {"ephemeral", Materialized::ephemeral},
        {"table", Materialized::table}, {"incremental", Materialized::incremental},
        {"seed", Materialized::seed},   {"test", Materialized::none}};
    const auto found = kKnown.find(name);
    if (found != kKnown.end()) return found->second;
    return error(ErrorKind::config, "{} is materialized as {}, which this program does not execute",
                 unique_id, name);
}

bool has_hooks(const Json& config) {
    for (const char* key : {"pre-hook", "post-hook"}) {
        const auto hooks = config.find(key);
        if (hooks != config.end() && hooks->is_array() && !hooks->empty()) return true;
    }
    return false;
}

TestRule test_rule(const Json& config) {
    TestRule rule;
    std::string severity = text_or(config, "severity", "ERROR");
    std::ranges::transform(severity, severity.begin(),
                           [](unsigned char letter) { return std::toupper(letter); });
    rule.is_error_severity = severity == "ERROR";
    rule.fail_calc = text_or(config, "fail_calc", rule.fail_calc);
    rule.warn_if = text_or(config, "warn_if", rule.warn_if);
    rule.error_if = text_or(config, "error_if", rule.error_if);
    const auto limit = config.find("limit");
    if (limit != config.end() && limit->is_number_integer())
        rule.limit = limit->get<std::int64_t>();
    return rule;
}

std::vector<ColumnContract> contract_of(const Json& node, const Json& config) {
    std::vector<ColumnContract> columns;
    if (!object_or_empty(config, "contract").value("enforced", false)) return columns;
    for (const auto& [key, column] : object_or_empty(node, "columns").items()) {
        columns.push_back(
            {.name = text_or(column, "name", key), .data_type = text_or(column, "data_type")});
    }
    return columns;
}

std::string partition_of(const Json& config) {
    const std::string meta = text_or(object_or_empty(config, "meta"), "partition_by");
    return meta.empty() ? text_or(config, "partition_by") : meta;
}

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return error(ErrorKind::not_found, "cannot read {}", path);
    std::ostringstream content;
    content << file.rdbuf();
    return std::move(content).str();
}

Result<void> add_seed(Node& node, const Json& json, const Json& config,
                      const std::string& seed_root) {
    node.seed_file = seed_root + "/" + text_or(json, "original_file_path");
    for (const auto& [column, type] : object_or_empty(config, "column_types").items()) {
        if (type.is_string()) node.seed_types[column] = type.get<std::string>();
    }
    TRY_ASSIGN(const std::string content, read_text(node.seed_file));
    node.fingerprint = sha256_hex(content);
    return {};
}

std::string fingerprint_of(const Node& node) {
    std::string text =
        fmt::format("{}\n{}\n{}\n{}\n", node.relation_name, static_cast<int>(node.materialized),
                    node.partition_by, node.compiled_code);
    for (const ColumnContract& column : node.contract)
        text += fmt::format("{} {}\n", column.name, column.data_type);
    for (const auto& [column, type] : node.seed_types) text += fmt::format("{} {}\n", column, type);
    return sha256_hex(text + node.fingerprint);
}

std::optional<NodeType> type_of(const std::string& name) {
    if (name == "model") return NodeType::model;
    if (name == "seed") return NodeType::seed;
    if (name == "test") return NodeType::test;
    if (name == "analysis") return NodeType::analysis;
    return {};
}

Result<Node> node_from(const std::string& unique_id, NodeType type, const Json& json,
                       const std::string& seed_root) {
    const Json& config = object_or_empty(json, "config");
    Node node{.unique_id = unique_id,
              .type = type,
              .name = text_or(json, "alias", text_or(json, "name")),
              .schema = text_or(json, "schema"),
              .relation_name = text_or(json, "relation_name"),
              .compiled_code = text_or(json, "compiled_code"),
              .partition_by = partition_of(config),
              .contract = contract_of(json, config)};
    if (type == NodeType::model || type == NodeType::seed) {
        TRY_ASSIGN(node.materialized,
                   materialized_of(unique_id, text_or(config, "materialized", "view")));
        if (has_hooks(config)) {
            return error(ErrorKind::config, "{} has hooks, which this program does not execute",
                         unique_id);
        }
    }
    if (type == NodeType::model && text_or(json, "language", "sql") != "sql") {
        return error(ErrorKind::config, "{} is not written in SQL", unique_id);
    }
    if (type != NodeType::seed && node.compiled_code.empty()) {
        return error(ErrorKind::config, "{} has no compiled SQL; run dbt compile, not dbt parse",
                     unique_id);
    }
    if (type == NodeType::test) node.test = test_rule(config);
    if (type == NodeType::seed) TRY(add_seed(node, json, config, seed_root));
    for (const Json& parent : object_or_empty(json, "depends_on").value("nodes", Json::array())) {
        node.depends_on.push_back(parent.get<std::string>());
    }
    node.fingerprint = fingerprint_of(node);
    return node;
}

Result<void> add_nodes(Manifest& manifest, const Json& nodes, const std::string& seed_root) {
    for (const auto& [unique_id, json] : nodes.items()) {
        const std::string resource = text_or(json, "resource_type");
        if (resource == "operation")
            continue;  // hooks of stock dbt; whoever runs the models makes the sources
        const auto type = type_of(resource);
        if (!type) {
            return error(ErrorKind::config, "{} is a {}, which this program does not execute",
                         unique_id, resource);
        }
        TRY_ASSIGN(Node node, node_from(unique_id, *type, json, seed_root));
        if (*type == NodeType::model)
            manifest.database = text_or(json, "database", manifest.database);
        manifest.nodes.push_back(std::move(node));
    }
    std::ranges::sort(manifest.nodes, {}, &Node::unique_id);
    return {};
}

void add_schemas(Manifest& manifest, const Json& sources) {
    std::set<std::string> schemas;
    for (const auto& [unique_id, source] : sources.items())
        schemas.insert(text_or(source, "schema"));
    for (const Node& node : manifest.nodes) {
        if (!node.relation_name.empty()) schemas.insert(node.schema);
    }
    schemas.erase("");
    manifest.schemas.assign(schemas.begin(), schemas.end());
}

}  // namespace

const Node* Manifest::find(std::string_view unique_id) const {
    const auto found = std::ranges::lower_bound(nodes, unique_id, {}, &Node::unique_id);
    return found != nodes.end() && found->unique_id == unique_id ? &*found : nullptr;
}

Result<Manifest> parse_manifest(std::string text, const std::string& seed_root) {
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object()) return error(ErrorKind::bad_data, "the manifest is no JSON object");
    const Json& metadata = object_or_empty(document, "metadata");
    TRY(check_metadata(metadata));
    Manifest manifest{.text = std::move(text),
                      .project = text_or(metadata, "project_name"),
                      .dbt_version = text_or(metadata, "dbt_version"),
                      .generated_at = text_or(metadata, "generated_at"),
                      .invocation_id = text_or(metadata, "invocation_id")};
    try {
        TRY(add_nodes(manifest, object_or_empty(document, "nodes"), seed_root));
        add_schemas(manifest, object_or_empty(document, "sources"));
    } catch (const Json::exception& cause) {
        return error(ErrorKind::bad_data, "the manifest is damaged: {}", cause.what());
    }
    if (manifest.database.empty()) return error(ErrorKind::bad_data, "the manifest has no models");
    return manifest;
}

Result<Manifest> load_manifest(const std::string& directory) {
    const std::string path = directory + "/manifest.json";
    auto text = read_text(path);
    if (!text) {
        return error(
            ErrorKind::not_found,
            "there are no compiled models at {}; build the program, or name them with --models or "
            "BASSLINE_MODELS",
            path);
    }
    auto manifest = parse_manifest(std::move(text).value(), directory);
    if (!manifest) return error(manifest.error().kind, "{}: {}", path, manifest.error().message);
    return manifest;
}

bool is_published(const Node& node) {
    const bool has_rows =
        node.materialized == Materialized::table || node.materialized == Materialized::incremental;
    return has_rows &&
           (node.schema == "intermediate" || node.schema == "silver" || node.schema == "gold");
}

}  // namespace bassline::models
