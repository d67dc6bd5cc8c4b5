// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "dashboard/serve.hpp"
#include "ingest/ingest.hpp"
#include "models/build.hpp"
#include "storage/file_system.hpp"

// `bassline run`: the whole way in one process.
//
//   back-fill:  ingest what the input holds -> build -> summary
//   live:       one thread follows the input, one builds what it committed, the caller's serves
//
// Stop order: serving, then intake (the last batch is committed), then the build in work, which is
// dropped unpublished; the next run goes on from there. A failing follower or server ends the run
// with its error; a build that publishes nothing is told and tried again.
namespace bassline::pipeline {

struct RunOptions {
    ingest::IngestOptions ingest;  // `follow` is set by the run itself
    models::BuildOptions build;
    dashboard::ServeOptions serve;
    std::chrono::milliseconds cadence{2000};  // between commits, and between looks for new commits
};

struct BackfillReport {
    ingest::IngestSummary ingest;
    models::BuildReport build;
};

/// Ingests and builds once. Errors: those of the two stages.
Result<BackfillReport> backfill(storage::FileSystem& files, const models::Manifest& manifest,
                                const RunOptions& options, const Clock& clock, std::stop_token stop,
                                ingest::Progress& progress,
                                const std::function<void(const ingest::Notice&)>& on_notice);

/// Serves, follows and builds until stopped. `on_notice` is called from the follower's thread.
/// Errors: those of ingest and of the server.
Result<void> live(storage::FileSystem& files, const models::Manifest& manifest,
                  const RunOptions& options, const Clock& clock, std::stop_token stop,
                  const std::function<void(const ingest::Notice&)>& on_notice);

}  // namespace bassline::pipeline
