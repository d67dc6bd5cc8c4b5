// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// Small manifests for the tests of this room.
namespace bassline::models {

inline nlohmann::json model_node(const std::string& name, const std::string& materialized,
                                 const std::vector<std::string>& parents = {},
                                 const std::string& sql = "select 1 as x") {
    return {{"unique_id", "model.t." + name},
            {"resource_type", "model"},
            {"name", name},
            {"alias", name},
            {"database", "bassline"},
            {"schema", "gold"},
            {"relation_name", "\"bassline\".\"gold\".\"" + name + "\""},
            {"compiled_code", sql},
            {"depends_on", {{"nodes", parents}}},
            {"config", {{"materialized", materialized}}}};
}

inline nlohmann::json test_node(const std::string& name, const std::vector<std::string>& parents,
                                const std::string& sql = "select 1 as x where false",
                                const std::string& severity = "ERROR") {
    return {{"unique_id", "test.t." + name},
            {"resource_type", "test"},
            {"name", name},
            {"schema", "tests"},
            {"compiled_code", sql},
            {"depends_on", {{"nodes", parents}}},
            {"config", {{"materialized", "test"}, {"severity", severity}}}};
}

inline nlohmann::json manifest_of(const std::vector<nlohmann::json>& nodes) {
    nlohmann::json document = {
        {"metadata",
         {{"dbt_schema_version", "https://schemas.getdbt.com/dbt/manifest/v12.json"},
          {"adapter_type", "duckdb"},
          {"dbt_version", "1.11.0"}}},
        {"nodes", nlohmann::json::object()},
        {"sources", nlohmann::json::object()}};
    for (const char* schema : {"bronze", "run"}) {
        document["sources"][std::string("source.t.") + schema] = {{"schema", schema}};
    }
    for (const nlohmann::json& node : nodes) document["nodes"][node["unique_id"]] = node;
    return document;
}

}  // namespace bassline::models
