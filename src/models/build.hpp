// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "models/manifest.hpp"
#include "models/run_results.hpp"
#include "storage/file_system.hpp"

// A build: from bronze to one new snapshot of silver and gold (docs/formats/lake.md, "Builds").
//
//   lock -> finish what others left (bronze publication, projection) -> scope -> models, tests and
//   exports in a scratch database, in parallel -> copy into the lake -> commit the snapshot
//   (publication) -> project -> prune
//
// Nothing in the lake changes for a reader before the commit, and nothing at all if a model or an
// error-severity test failed, if there is nothing new, or if the build is stopped.
namespace bassline::models {

struct BuildOptions {
    std::string select;  // task_graph.hpp; empty: everything
    bool full_refresh = false;
    std::size_t threads = 2;
    std::uint64_t memory_bytes = 0;  // 0: default_memory_bytes()
    std::string scratch;             // parent folder; empty: default_scratch_parent()
    std::function<void(const NodeResult&)> on_result;  // called from worker threads, one at a time
};

enum class BuildOutcome { published, nothing_new, model_failed, test_failed };

struct BuildReport {
    BuildOutcome outcome = BuildOutcome::nothing_new;
    std::string
        run;  // of the published or failed run; of the newest snapshot if there was nothing new
    std::uint64_t snapshot = 0;
    bool is_full = false;
    std::size_t dates_written = 0;
    std::vector<NodeResult> results;  // in the order of unique_id; nodes point into the manifest
    double seconds = 0;

    std::size_t count(NodeType type, std::string_view status) const;
};

/// Errors: `conflict` if another build holds the lake or took the number; `usage` for a bad
/// selection; `config` for a manifest that cannot be executed; `cancelled` after a stop; `io`;
/// `sql` only for our own statements: a failing model or test is an outcome, not an Error.
Result<BuildReport> build(storage::FileSystem& files, const Manifest& manifest,
                          const BuildOptions& options, const Clock& clock,
                          const std::stop_token& stop);

}  // namespace bassline::models
