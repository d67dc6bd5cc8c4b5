// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// What dbt compiled: the nodes of `manifest.json`, schema v12, as far as a run needs them.
//
// The manifest is the only source of SQL. Unknown keys are ignored; an unknown schema version,
// another adapter than duckdb, or a feature that would be executed differently than by dbt (hooks,
// snapshots, Python models) is refused by name. Immutable after loading, so safe to share.
namespace bassline::models {

enum class NodeType { model, seed, test, analysis };
enum class Materialized { view, ephemeral, table, incremental, seed, none };

struct ColumnContract {
    std::string name;
    std::string data_type;
};

/// How many failing rows a test forgives; dbt's defaults.
struct TestRule {
    bool is_error_severity = true;
    std::string fail_calc = "count(*)";
    std::string warn_if = "!= 0";
    std::string error_if = "!= 0";
    std::optional<std::int64_t> limit;
};

struct Node {
    std::string unique_id;
    NodeType type = NodeType::model;
    Materialized materialized = Materialized::none;
    std::string name;
    std::string schema;         // decides the layer
    std::string relation_name;  // quoted, with the database; empty for what makes no relation
    std::string compiled_code;
    std::string partition_by;              // "event_date" or empty
    std::vector<std::string> depends_on;   // unique ids of nodes and sources
    std::vector<ColumnContract> contract;  // in dbt's order; empty if not enforced
    std::string seed_file;                 // absolute path
    std::map<std::string, std::string> seed_types;
    TestRule test;
    std::string fingerprint;  // of everything above that decides the node's rows
};

struct Manifest {
    std::string text;      // as read
    std::string database;  // catalog that compiled SQL names
    std::string project;
    std::string dbt_version;
    std::string generated_at;
    std::string invocation_id;
    std::vector<Node> nodes;           // enabled ones, sorted by unique_id
    std::vector<std::string> schemas;  // of nodes and sources, sorted

    /// Null if there is no such node (a source, for instance).
    const Node* find(std::string_view unique_id) const;
};

/// Parses a manifest. `seed_root` is where seed paths start.
/// Errors: `config` for another schema version, adapter or an unsupported feature, `bad_data` if it
/// is damaged.
Result<Manifest> parse_manifest(std::string text, const std::string& seed_root);

/// `<directory>/manifest.json`. Errors: `not_found` naming how to get one.
Result<Manifest> load_manifest(const std::string& directory);

/// True for the layers whose tables are published.
bool is_published(const Node& node);

}  // namespace bassline::models
