// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.hpp"

namespace bassline::pipeline {
namespace {

constexpr std::chrono::seconds kRetryInterval{15};  // after a build that published nothing

// The first failure of any thread; it stops the others.
class FirstFailure {
public:
    explicit FirstFailure(std::shared_ptr<std::stop_source> stop) : stop_(std::move(stop)) {}

    void take(Result<void> outcome) {
        if (outcome || outcome.error().kind == ErrorKind::cancelled) return;
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::move(outcome).error();
        stop_->request_stop();
    }

    Result<void> outcome() {
        const std::lock_guard lock(mutex_);
        if (failure_) return *std::move(failure_);
        return {};
    }

private:
    std::shared_ptr<std::stop_source> stop_;
    std::mutex mutex_;
    std::optional<Error> failure_;
};

void wait(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::unique_lock lock(mutex);
    condition.wait_for(lock, stop, time, [] { return false; });
}

Result<void> follow(storage::FileSystem& files, const RunOptions& options, const Clock& clock,
                    const std::stop_token& stop,
                    const std::function<void(const ingest::Notice&)>& on_notice) {
    ingest::IngestOptions following = options.ingest;
    following.follow = true;
    following.commit_interval = options.cadence;
    ingest::Progress progress;
    TRY(ingest::ingest(files, following, clock, stop, progress, on_notice));
    return {};
}

// Whatever keeps a build from publishing is told and tried again: the charts show their age
// meanwhile, and nothing is lost.
void keep_building(storage::FileSystem& files, const models::Manifest& manifest,
                   const RunOptions& options, const Clock& clock, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto report = models::build(files, manifest, options.build, clock, stop);
        const bool failed = !report ||
                            report.value().outcome == models::BuildOutcome::test_failed ||
                            report.value().outcome == models::BuildOutcome::model_failed;
        if (failed && !stop.stop_requested()) {
            log_warn("nothing was published, the charts stay as they were; trying again: {}",
                     report ? "see _runs/" + report.value().run : report.error().message);
        }
        wait(stop, failed ? kRetryInterval : options.cadence);
    }
}

}  // namespace

Result<BackfillReport> backfill(storage::FileSystem& files, const models::Manifest& manifest,
                                const RunOptions& options, const Clock& clock, std::stop_token stop,
                                ingest::Progress& progress,
                                const std::function<void(const ingest::Notice&)>& on_notice) {
    BackfillReport report;
    TRY_ASSIGN(report.ingest,
               ingest::ingest(files, options.ingest, clock, stop, progress, on_notice));
    if (stop.stop_requested()) return error(ErrorKind::cancelled, "stopped after ingest");
    TRY_ASSIGN(report.build, models::build(files, manifest, options.build, clock, stop));
    return report;
}

Result<void> live(storage::FileSystem& files, const models::Manifest& manifest,
                  const RunOptions& options, const Clock& clock, std::stop_token stop,
                  const std::function<void(const ingest::Notice&)>& on_notice) {
    const auto all = std::make_shared<std::stop_source>();
    const std::stop_callback forward(stop, [all] { all->request_stop(); });
    FirstFailure first(all);
    {
        const std::jthread follower(
            [&] { first.take(follow(files, options, clock, all->get_token(), on_notice)); });
        const std::jthread builder(
            [&] { keep_building(files, manifest, options, clock, all->get_token()); });
        first.take(dashboard::serve(files, options.serve, all->get_token()));
        all->request_stop();
    }  // both have drained: a failure of the last commit counts too
    return first.outcome();
}

}  // namespace bassline::pipeline
