// SPDX-License-Identifier: Apache-2.0
#include "models/plan.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "models/task_graph.hpp"

namespace bassline::models {
namespace {

using Fingerprints = std::map<std::string, std::string>;

bool decides_rows(const Node& node) {
    return node.type == NodeType::model || node.type == NodeType::seed;
}

Fingerprints fingerprints_of(const Manifest& manifest) {
    Fingerprints fingerprints;
    for (const Node& node : manifest.nodes) {
        if (decides_rows(node)) fingerprints[node.unique_id] = node.fingerprint;
    }
    return fingerprints;
}

std::set<std::string> changed_nodes(const Fingerprints& now, const Fingerprints& before) {
    std::set<std::string> changed;
    for (const auto& [id, fingerprint] : now) {
        const auto found = before.find(id);
        if (found == before.end() || found->second != fingerprint) changed.insert(id);
    }
    return changed;
}

bool is_affected(const Manifest& manifest, const Node& node, const std::set<std::string>& changed) {
    if (changed.contains(node.unique_id)) return true;
    return std::ranges::any_of(ancestors(manifest, node),
                               [&changed](const std::string& id) { return changed.contains(id); });
}

bool an_incremental_is_affected(const Manifest& manifest, const std::set<std::string>& changed) {
    return std::ranges::any_of(manifest.nodes, [&](const Node& node) {
        return node.materialized == Materialized::incremental &&
               is_affected(manifest, node, changed);
    });
}

bool has_same_tables(const Plan& plan, const Manifest& manifest, const lake::Snapshot& previous) {
    return plan.built.size() == previous.tables.size() &&
           std::ranges::all_of(plan.built, [&](const std::string& id) {
               return previous.tables.contains(manifest.find(id)->name);
           });
}

std::set<std::string> standing_tables(const Manifest& manifest,
                                      const std::optional<lake::Snapshot>& previous,
                                      const std::set<std::string>& selected) {
    std::set<std::string> standing;
    if (!previous) return standing;
    for (const Node& node : manifest.nodes) {
        if (is_published(node) && !selected.contains(node.unique_id) &&
            previous->tables.contains(node.name)) {
            standing.insert(node.unique_id);
        }
    }
    return standing;
}

// Fingerprints after a selection was built: those of nodes that were not, stay; those of tables
// that should have been, are blanked.
Fingerprints after_selection(const Manifest& manifest, const Fingerprints& before,
                             const std::set<std::string>& changed,
                             const std::set<std::string>& selected) {
    Fingerprints after = before;
    std::set<std::string> rebuilt_differently;
    for (const std::string& id : selected) {
        after[id] = manifest.find(id)->fingerprint;
        if (changed.contains(id)) rebuilt_differently.insert(id);
    }
    for (const Node& node : manifest.nodes) {
        if (!is_published(node) || selected.contains(node.unique_id)) continue;
        if (is_affected(manifest, node, rebuilt_differently)) after[node.unique_id] = "";
    }
    return after;
}

Result<void> check_parents_exist(const Manifest& manifest,
                                 const std::optional<lake::Snapshot>& previous,
                                 const std::set<std::string>& selected) {
    for (const std::string& id : selected) {
        for (const std::string& parent : ancestors(manifest, *manifest.find(id))) {
            const Node* node = manifest.find(parent);
            if (node == nullptr || !is_published(*node) || selected.contains(parent)) continue;
            if (previous && previous->tables.contains(node->name)) continue;
            return error(ErrorKind::usage,
                         "{} needs {}, which was never built: build everything once, or select +{}",
                         manifest.find(id)->name, node->name, manifest.find(id)->name);
        }
    }
    return {};
}

}  // namespace

Result<Plan> make_plan(const Manifest& manifest, const std::optional<lake::Snapshot>& previous,
                       const Bronze& bronze, const PlanRequest& request) {
    const Fingerprints before = previous ? previous->models : Fingerprints{};
    Plan plan{.built = request.selected,
              .standing = standing_tables(manifest, previous, request.selected),
              .fingerprints = fingerprints_of(manifest)};
    const auto changed = changed_nodes(plan.fingerprints, before);
    if (request.is_selection) {
        TRY(check_parents_exist(manifest, previous, request.selected));
        plan.is_full = true;
        plan.fingerprints = after_selection(manifest, before, changed, request.selected);
        return plan;
    }
    plan.is_full =
        request.full_refresh || !previous || an_incremental_is_affected(manifest, changed);
    plan.is_needed = request.full_refresh || !previous || bronze.has_new_outputs ||
                     bronze.has_expired || !changed.empty() ||
                     !has_same_tables(plan, manifest, *previous);
    return plan;
}

std::string models_sha256(const Fingerprints& fingerprints) {
    std::string text;
    for (const auto& [id, fingerprint] : fingerprints)
        text += fmt::format("{} {}\n", id, fingerprint);
    return sha256_hex(text);
}

}  // namespace bassline::models
