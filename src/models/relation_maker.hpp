// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "duck/database.hpp"
#include "models/manifest.hpp"
#include "models/task_graph.hpp"

// Makes one node's relation in the scratch database, by its materialization. What dbt compiled is
// run as it stands; what is added around it is only `create ... as`.
namespace bassline::models {

struct MadeRelation {
    std::uint64_t rows = 0;  // of tables: how many were computed
    std::string computed;    // the relation that holds the computed rows; empty for a view
};

/// The published files of an incremental table's dates that a build does not write.
struct KeptFiles {
    std::vector<std::string> paths;  // absolute
    bool as_rows = false;  // read once and held, for a dozen readers that would each open all files
};

/// An incremental table's relation is what is kept of it and the computed rows. Errors: `sql` if
/// the statement fails, if an enforced contract does not hold, or if an incremental table has rows
/// outside the dates that are written.
Result<MadeRelation> make_relation(duck::Connection& connection, const Manifest& manifest,
                                   const Task& task, const KeptFiles& kept);

/// The schemas that hold computed rows of incremental tables, and kept ones.
inline constexpr const char* kComputedSchema = "_computed";
inline constexpr const char* kKeptSchema = "_kept";

}  // namespace bassline::models
