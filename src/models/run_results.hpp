// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "models/manifest.hpp"
#include "storage/file_system.hpp"

// What became of each node of a run, and dbt's `run_results.json` (schema v6) of it, so that dbt
// docs and other readers of dbt's artifacts work on our runs.
namespace bassline::models {

struct NodeResult {
    const Node* node = nullptr;
    std::string status;   // models and seeds: success, error, skipped; tests: pass, warn, fail,
                          // error, skipped
    std::string message;  // empty if all went well
    std::optional<std::int64_t> failures;  // tests
    std::uint64_t rows = 0;                // published tables: rows written by this run
    std::size_t thread = 0;
    Timestamp started;
    Timestamp completed;

    double seconds() const { return std::chrono::duration<double>(completed - started).count(); }
};

struct RunArguments {
    std::string select;
    bool full_refresh = false;
    std::size_t threads = 0;
};

/// The text of run_results.json. Pure.
std::string run_results_json(const Manifest& manifest, const std::vector<NodeResult>& results,
                             const RunArguments& arguments, Timestamp generated_at,
                             double elapsed_seconds);

/// Writes `_runs/<run>/run_results.json` and `manifest.json` beside it; a manifest that the
/// previous run already wrote becomes a second name of that file.
Result<void> write_run(storage::FileSystem& files, const std::string& run,
                       const std::string& previous_run, const Manifest& manifest,
                       const std::string& run_results);

}  // namespace bassline::models
