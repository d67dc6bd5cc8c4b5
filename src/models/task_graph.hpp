// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "models/job_graph.hpp"
#include "models/manifest.hpp"

// What a build has to do, and in which order: the pure part of running a manifest.
namespace bassline::models {

enum class TaskKind { make_relation, test, export_table };

struct Task {
    TaskKind kind = TaskKind::make_relation;
    const Node* node = nullptr;
    bool is_computed_once = false;  // a view that is kept as a scratch table
};

/// `jobs[i]` is the job of `tasks[i]`.
struct TaskGraph {
    std::vector<Task> tasks;
    std::vector<Job> jobs;
};

/// The published tables that a selection names: `name`, `+name` (with its ancestors), `name+` (with
/// its descendants), several separated by spaces or commas; empty: all. Errors: `usage` for a name
/// that is no published table.
Result<std::set<std::string>> select_tables(const Manifest& manifest, std::string_view selection);

/// Unique ids of all ancestors of a node, sources included.
std::set<std::string> ancestors(const Manifest& manifest, const Node& node);

/// What becomes of views over sources alone that several models read.
enum class Staging {
    view,   // each reader decodes the few columns that it wants
    table,  // the rows are kept: for sources of many small files
};

/// True for a view that several models read, where computing its rows once is cheaper: over other
/// relations always, over sources alone as `staging` says.
bool is_computed_once(const Manifest& manifest, const Node& node, Staging staging);

/// Views, seeds, the tables of `built`, the tests that concern them, and an export of each table of
/// `built`. As in `dbt build`, a test runs when all its parents are done, and a child of a tested
/// relation waits for the tests whose parents it all descends from, so that their failure skips it.
/// The published tables of `standing` have rows already; what reads one that is neither built nor
/// standing, itself or through views, is left out. The tasks point into the manifest.
TaskGraph make_task_graph(const Manifest& manifest, const std::set<std::string>& built,
                          const std::set<std::string>& standing = {},
                          Staging staging = Staging::view);
TaskGraph make_task_graph(Manifest&& manifest, const std::set<std::string>& built,
                          const std::set<std::string>& standing = {},
                          Staging staging = Staging::view) = delete;

}  // namespace bassline::models
