// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "compact/compact.hpp"
#include "dashboard/serve.hpp"
#include "ingest/ingest.hpp"
#include "ingest/metrics.hpp"
#include "models/build.hpp"
#include "pipeline/monitor.hpp"
#include "pipeline/simulated_source.hpp"
#include "storage/file_system.hpp"

// `bassline run`: the whole way in one process.
//
//   back-fill:  [simulate history ->] ingest what the input holds -> build
//   live:       simulator -> segments -> follower -> commits -> builder -> snapshots -> server
//               a thread each; the caller's serves; one more merges the small files of closed
//               hours; a builder about to begin has the follower commit what has arrived by then
//
// Stop order: serving, the simulator, then intake (the last batch is committed), then the build in
// work, which is dropped unpublished; the next run goes on from there. A failing simulator,
// follower or server ends the run with its error; a build that publishes nothing is told and tried
// again.
namespace bassline::pipeline {

struct RunOptions {
    ingest::IngestOptions ingest;  // `follow` and `on_commit` are set here; inputs too if simulated
    models::BuildOptions build;
    dashboard::ServeOptions serve;            // what it calls or asks of a `run` is set here
    std::chrono::milliseconds cadence{2000};  // between commits, at most; see Pipeline::pause
    std::optional<RunSettings> simulated;     // the source, in place of inputs
    Pace pace;                                // of the simulated source
    std::chrono::milliseconds compaction_interval{30'000};
    std::optional<int> retain_days;  // none: nothing expires
    std::string version;             // of the program, for /metrics
    std::string commit;              // the same
};

struct BackfillReport {
    double simulate_seconds = 0;
    std::uint64_t simulated_records = 0;
    ingest::IngestSummary ingest;
    models::BuildReport build;
};

class Pipeline {
public:
    using OnNotice = std::function<void(const ingest::Notice&)>;

    /// All outlive the pipeline. Errors: those of SimulatedSource::open.
    static Result<std::unique_ptr<Pipeline>> open(storage::FileSystem& files,
                                                  const models::Manifest& manifest,
                                                  RunOptions options, const Clock& clock);

    /// Ingests and builds once. Errors: those of the stages.
    Result<BackfillReport> back_fill(const std::stop_token& stop, ingest::Progress& progress,
                                     const OnNotice& on_notice);

    /// Serves, follows and builds until stopped. `on_notice` is called from the follower's thread.
    /// Errors: those of the simulator, of ingest and of the server.
    Result<void> live(const std::stop_token& stop, const OnNotice& on_notice);

    /// What is going on; any thread.
    PipelineView view() const;

private:
    Pipeline(storage::FileSystem& files, const models::Manifest& manifest, RunOptions options,
             const Clock& clock);

    Result<void> simulate(const std::stop_token& stop);
    Result<void> follow(const std::stop_token& stop, const OnNotice& on_notice);
    void pause(const std::stop_token& stop, std::chrono::milliseconds longest);
    std::uint64_t wait_for_commit(const std::stop_token& stop, std::uint64_t built);
    void keep_building(const std::stop_token& stop);
    void keep_compacting(const std::stop_token& stop);
    bool build_once(const std::stop_token& stop);
    std::int64_t history_end_s() const;

    storage::FileSystem& files_;
    const models::Manifest& manifest_;
    RunOptions options_;
    const Clock& clock_;
    std::unique_ptr<SimulatedSource> source_;  // null: the inputs are the source
    Monitor monitor_;
    ingest::Metrics metrics_;
    std::mutex mutex_;  // guards the next two
    std::uint64_t commits_ = 0;
    bool is_commit_wanted_ = false;
    std::condition_variable_any commit_wanted_;
    std::condition_variable_any commit_came_;
    std::atomic<std::int64_t> live_from_s_ = 0;  // simulated, when live began
    SteadyTime live_began_;
};

}  // namespace bassline::pipeline
