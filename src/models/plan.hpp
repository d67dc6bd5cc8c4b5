// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "lake/snapshot.hpp"
#include "models/bronze.hpp"
#include "models/manifest.hpp"

// What a build must do, decided from the manifest, the previous snapshot and bronze. Pure.
namespace bassline::models {

struct Plan {
    bool is_full = false;            // the scope is all dates
    bool is_needed = true;           // false: everything is as the previous snapshot has it
    std::set<std::string> built;     // unique ids of the published tables to build
    std::set<std::string> standing;  // of those that stay as the previous snapshot has them
    std::map<std::string, std::string>
        fingerprints;  // for the next snapshot: unique id -> fingerprint
};

struct PlanRequest {
    bool full_refresh = false;
    bool is_selection = false;  // `selected` is a part of the tables
    std::set<std::string> selected;
};

/// A table model that changed is rebuilt anyway; an incremental one that changed, or that descends
/// from anything that changed, needs all dates again. A selection is built over all dates at the
/// previous snapshot's positions (bronze.hpp: check_unchanged_since), so that all tables of the
/// next snapshot agree on bronze; what descends from a changed part of it without being selected is
/// marked to be built again by the next whole build. Errors: `usage` if a selected table needs one
/// that was never built.
Result<Plan> make_plan(const Manifest& manifest, const std::optional<lake::Snapshot>& previous,
                       const Bronze& bronze, const PlanRequest& request);

/// SHA-256 over all fingerprints.
std::string models_sha256(const std::map<std::string, std::string>& fingerprints);

}  // namespace bassline::models
