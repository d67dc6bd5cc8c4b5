// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "pipeline/metrics.hpp"

namespace bassline::pipeline {
namespace {

constexpr std::chrono::seconds kRetryInterval{15};  // after a build that published nothing
constexpr std::chrono::milliseconds kCadenceMin{500};
constexpr std::chrono::milliseconds kCommitPatience{300};  // of a build that has something to do
constexpr std::chrono::hours kAheadMax{24 * 36'500};       // of simulated events

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

}  // namespace

Pipeline::Pipeline(storage::FileSystem& files, const models::Manifest& manifest, RunOptions options,
                   const Clock& clock)
    : files_(files),
      manifest_(manifest),
      options_(std::move(options)),
      clock_(clock),
      metrics_(options_.version, options_.commit) {
    options_.ingest.on_commit = [this](const lake::Entry& entry) {
        monitor_.committed(entry);
        metrics_.committed(entry, "", std::nullopt);
        if (source_) source_->ingested(entry);
        const std::lock_guard lock(mutex_);
        ++commits_;
        is_commit_wanted_ = false;
        commit_came_.notify_all();
    };
    options_.serve.on_snapshot = [this](std::uint64_t snapshot, Timestamp watermark) {
        monitor_.shown(snapshot, watermark);
    };
    options_.serve.pipeline = [this] { return to_json(view()); };
    options_.serve.stage_metrics = [this](Timestamp now) {
        return metrics_.text(now) + metrics_text(view());
    };
    options_.serve.is_simulated = options_.simulated.has_value();
    if (options_.simulated) {
        options_.serve.event_now = [this] {
            return Timestamp(std::chrono::seconds(source_->now_s()));
        };
    }
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(storage::FileSystem& files,
                                                 const models::Manifest& manifest,
                                                 RunOptions options, const Clock& clock) {
    std::unique_ptr<Pipeline> pipeline(new Pipeline(files, manifest, std::move(options), clock));
    RunOptions& chosen = pipeline->options_;
    if (chosen.simulated) {
        TRY_ASSIGN(pipeline->source_,
                   SimulatedSource::open(files, *chosen.simulated, chosen.ingest.threads));
        chosen.ingest.inputs = {pipeline->source_->folder()};
        chosen.ingest.ahead_max = kAheadMax;
    }
    return pipeline;
}

// At the clock's own pace there is no gap between history and now, whenever the run goes on.
std::int64_t Pipeline::history_end_s() const {
    const bool is_real_time = options_.pace.speed == 1 && !options_.pace.rate;
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch());
    return is_real_time ? now.count() : options_.simulated->live_s;
}

Result<BackfillReport> Pipeline::back_fill(const std::stop_token& stop, ingest::Progress& progress,
                                           const OnNotice& on_notice) {
    BackfillReport report;
    if (source_) {
        const SteadyTime began = clock_.steady_now();
        TRY(source_->back_fill(history_end_s(), stop));
        report.simulate_seconds = seconds_since(began, clock_);
        report.simulated_records = source_->records();
    }
    TRY_ASSIGN(report.ingest,
               ingest::ingest(files_, options_.ingest, clock_, stop, progress, on_notice));
    if (stop.stop_requested()) return error(ErrorKind::cancelled, "stopped after ingest");
    TRY_ASSIGN(report.build, models::build(files_, manifest_, options_.build, clock_, stop));
    monitor_.build_ended(report.build);
    return report;
}

Result<void> Pipeline::simulate(const std::stop_token& stop) {
    std::uint64_t before = source_->records();
    return source_->live(options_.pace, clock_, stop, [&](std::int64_t newest_event_ms) {
        const std::uint64_t records = source_->records();
        monitor_.appended(records - before, newest_event_ms);
        before = records;
    });
}

Result<void> Pipeline::follow(const std::stop_token& stop, const OnNotice& on_notice) {
    ingest::IngestOptions following = options_.ingest;
    following.follow = true;
    following.commit_interval = options_.cadence;
    following.pause = [this](const std::stop_token& token, std::chrono::milliseconds longest) {
        pause(token, longest);
    };
    ingest::Progress progress;
    TRY(ingest::ingest(files_, following, clock_, stop, progress, on_notice));
    return {};
}

// A build that is ready to begin wants what has arrived by then: else an event would wait for the
// next commit and then once more for the build after it.
void Pipeline::pause(const std::stop_token& stop, std::chrono::milliseconds longest) {
    const auto least = std::min(longest, kCadenceMin);
    sleep_unless_stopped(stop, least);
    std::unique_lock lock(mutex_);
    commit_wanted_.wait_for(lock, stop, longest - least, [this] { return is_commit_wanted_; });
}

// With something to build already, only a moment for what has arrived since.
std::uint64_t Pipeline::wait_for_commit(const std::stop_token& stop, std::uint64_t built) {
    std::unique_lock lock(mutex_);
    const std::uint64_t before = commits_;
    is_commit_wanted_ = true;
    commit_wanted_.notify_all();
    commit_came_.wait_for(lock, stop, before == built ? options_.cadence : kCommitPatience,
                          [&] { return commits_ != before; });
    return commits_;
}

// True if something was published or there was nothing to build.
bool Pipeline::build_once(const std::stop_token& stop) {
    monitor_.build_begins();
    const auto report = models::build(files_, manifest_, options_.build, clock_, stop);
    if (!report) {
        monitor_.build_failed();
    } else {
        monitor_.build_ended(report.value());
    }
    const bool failed = !report || report.value().outcome == models::BuildOutcome::test_failed ||
                        report.value().outcome == models::BuildOutcome::model_failed;
    if (failed && !stop.stop_requested()) {
        log_warn("nothing was published, the charts stay as they were; trying again: {}",
                 report ? "see _runs/" + report.value().run : report.error().message);
    }
    return !failed;
}

// Whatever keeps a build from publishing is told and tried again: the charts show their age
// meanwhile, and nothing is lost.
void Pipeline::keep_building(const std::stop_token& stop) {
    std::uint64_t built = 0;
    bool is_first = true;
    while (!stop.stop_requested()) {
        const std::uint64_t commits = wait_for_commit(stop, built);
        if (stop.stop_requested()) return;
        if (commits == built && !is_first) continue;
        is_first = false;
        built = commits;
        if (!build_once(stop)) {
            built = 0;
            is_first = true;
            sleep_unless_stopped(stop, kRetryInterval);
        }
    }
}

// Frequent commits make small files; merging them is housekeeping, which never ends the run.
void Pipeline::keep_compacting(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        sleep_unless_stopped(stop, options_.compaction_interval);
        if (stop.stop_requested()) return;
        const auto done =
            compact::compact(files_, {.retain_days = options_.retain_days}, clock_, stop);
        if (done) {
            if (done.value().entries > 0) monitor_.compacted();
        } else if (!stop.stop_requested()) {
            log_warn("small files stay as they are for now: {}", done.error().message);
        }
    }
}

Result<void> Pipeline::live(const std::stop_token& stop, const OnNotice& on_notice) {
    const auto all = std::make_shared<std::stop_source>();
    const std::stop_callback forward(stop, [all] { all->request_stop(); });
    std::stop_source intake;  // stops once the simulator has appended its last events
    FirstFailure first(all);
    if (source_) live_from_s_ = source_->now_s();
    live_began_ = clock_.steady_now();
    {
        const std::jthread builder([&] { keep_building(all->get_token()); });
        const std::jthread compactor([&] { keep_compacting(all->get_token()); });
        const std::jthread follower([&] { first.take(follow(intake.get_token(), on_notice)); });
        {
            const std::jthread simulator([&] {
                if (source_) first.take(simulate(all->get_token()));
            });
            first.take(dashboard::serve(files_, options_.serve, all->get_token()));
            all->request_stop();
        }
        intake.request_stop();
    }  // all have drained: a failure of the last commit counts too
    return first.outcome();
}

PipelineView Pipeline::view() const {
    if (!source_) return monitor_.view(std::nullopt);
    const double seconds = seconds_since(live_began_, clock_);
    const std::uint64_t bytes = source_->bytes();
    const std::uint64_t read = source_->bytes_read();
    return monitor_.view(SourceView{
        .now_s = source_->now_s(),
        .speed = seconds > 1 ? static_cast<double>(source_->now_s() - live_from_s_) / seconds
                             : options_.pace.speed,
        .records = source_->records(),
        .segments = source_->segments(),
        .lag_bytes = bytes > read ? bytes - read : 0});
}

}  // namespace bassline::pipeline
