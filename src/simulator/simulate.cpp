// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulate.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include <unistd.h>

#include "base/hash.hpp"
#include "simulator/accountant.hpp"
#include "simulator/answer_key.hpp"
#include "simulator/catalogue_file.hpp"
#include "simulator/destination.hpp"
#include "simulator/fault_sink.hpp"
#include "simulator/generator.hpp"
#include "simulator/pace.hpp"
#include "simulator/run_plan.hpp"
#include "simulator/units.hpp"

namespace bassline::simulator {
namespace {

constexpr std::int64_t kForever = std::int64_t{1} << 40;
constexpr std::chrono::milliseconds kTick{200};
constexpr std::chrono::seconds kCheckpointInterval{10};
constexpr std::int64_t kAheadS = kDaySeconds;  // past now, as far as ingest takes by itself

Result<Catalogue> load_catalogue(const SimulateOptions& options) {
    TRY_ASSIGN(Catalogue catalogue, Catalogue::embedded());
    if (!options.listen_counts.empty()) {
        TRY(catalogue.replace_songs(options.listen_counts,
                                    options.compat ? SongEncoding::latin1 : SongEncoding::utf8));
    }
    return catalogue;
}

Result<std::string> xxh64_of_file(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    Xxh64 hash;
    std::vector<char> block(std::size_t{1} << 16);
    while (file) {
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        hash.update({block.data(), static_cast<std::size_t>(file.gcount())});
    }
    if (!file.eof()) return error(ErrorKind::io, "cannot read {}", name);
    return hash.hex();
}

// What a checkpoint compares: options, and the content of what they only name.
Result<nlohmann::json> settings_of(const SimulateOptions& options, const RunPlan& plan,
                                   std::string_view configuration) {
    nlohmann::json settings = plan.settings(options);
    settings["xxh64 of --config"] = xxh64_hex(configuration);
    settings["xxh64 of the catalogue"] = xxh64_hex(embedded_catalogue());
    if (!options.listen_counts.empty()) {
        TRY_ASSIGN(settings["xxh64 of --listen-counts"], xxh64_of_file(options.listen_counts));
    }
    return settings;
}

std::int64_t seconds_of(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::uint64_t record_count(const TopicCounts& counts) {
    std::uint64_t sum = 0;
    for (const std::uint64_t records : counts.records) sum += records;
    return sum;
}

using Warn = std::function<void(const std::string&)>;

// One run, from the plan to the last flush.
class Running {
public:
    Running(const SimulateOptions& options, const RunPlan& plan, const Clock& clock,
            const std::stop_token& stop, SimulateProgress& progress, const Warn& warn)
        : options_(options),
          plan_(plan),
          clock_(clock),
          stop_(stop),
          progress_(progress),
          warn_(warn) {}

    Result<void> open(const std::optional<CheckpointHeader>& kept, nlohmann::json settings) {
        settings_ = std::move(settings);
        if (kept) {
            const std::string differs = difference(kept->settings, settings_);
            if (!differs.empty()) {
                return error(ErrorKind::config,
                             "{} was made with other settings: {}; give the same again, or another "
                             "--checkpoint and --out",
                             options_.checkpoint, differs);
            }
        }
        TRY_ASSIGN(destination_, open_sink(kept));
        if (options_.faults.touch_records() || !options_.answer_key.empty()) {
            fault_sink_ =
                std::make_unique<FaultSink>(*destination_.sink, options_.faults, plan_.model.seed);
        }
        if (!options_.checkpoint.empty() && destination_.files == nullptr) {
            return error(ErrorKind::usage,
                         "--checkpoint needs files to go on with, not --out - or --kafka");
        }
        return {};
    }

    Result<void> begin(const Configuration& configuration, const Catalogue& catalogue,
                       bool resumes) {
        RunPlan plan = plan_;
        if (resumes) plan.simulation.users = 0;  // they come with the checkpoint
        generator_ = std::make_unique<Generator>(
            configuration, catalogue, plan,
            GeneratorOptions{.layout = destination_.layout, .threads = options_.threads}, sink());
        if (!options_.answer_key.empty()) {
            accountant_ =
                std::make_unique<Accountant>(generator_->model(), plan.output, options_.threads);
            generator_->observe(*accountant_);
        }
        if (resumes) TRY(generator_->restore(options_.checkpoint));
        generator_->after_slice = [this] { return after_slice(); };
        progress_.from_s = generator_->now_s();
        progress_.to_s = plan_.end_s().value_or(0);
        // The files are there already: from here on the run can be gone on with.
        return keep_state();
    }

    Result<void> run() {
        if (options_.is_live) {
            TRY(run_live());
        } else {
            TRY(generator_->advance(end_s(), stop_));
        }
        if (plan_.model.compat && !was_stopped()) TRY(generator_->overshoot());
        TRY(keep_state());
        TRY(sink().finish());
        return write_key();
    }

    SimulateSummary summary() const {
        return {.steps = generator_->step_count(),
                .counts = generator_->counts(),
                .users = generator_->user_count(),
                .sessions = generator_->session_count(),
                .from_ms = plan_.simulation.from_ms,
                .to_ms = generator_->now_s() * kMillisecond,
                .interrupted = was_stopped()};
    }

    /// What became of the records sent to Kafka, if there are any.
    Result<std::optional<kafka::DeliveryLedger>> settle() {
        if (destination_.kafka == nullptr) return std::optional<kafka::DeliveryLedger>();
        TRY_ASSIGN(kafka::DeliveryLedger ledger, destination_.kafka->close());
        return std::optional(std::move(ledger));
    }

private:
    Result<Destination> open_sink(const std::optional<CheckpointHeader>& kept) {
        if (options_.kafka) {
            KafkaOutput output = *options_.kafka;
            output.first_user_id = plan_.output.first_user_id;
            return open_kafka_destination(output, stop_);
        }
        return open_destination({.out = options_.out,
                                 .compression = options_.compression,
                                 .format = options_.format,
                                 .is_live = options_.is_live || !options_.checkpoint.empty(),
                                 .resume_at = kept ? kept->sizes : decltype(kept->sizes){}});
    }

    std::int64_t end_s() const { return plan_.end_s().value_or(kForever); }
    bool was_stopped() const { return stop_.stop_requested() && generator_->now_s() < end_s(); }

    // Back-fill, live and bounded runs all come by here.
    Result<void> after_slice() {
        progress_.steps = generator_->step_count();
        progress_.now_s = generator_->now_s();
        if (clock_.steady_now() - kept_at_ < kCheckpointInterval) return {};
        return keep_state();
    }

    // What lies in the past first, at full speed; then tick by tick. An accelerated clock goes on
    // where the last run's stood.
    Result<void> run_live() {
        const Timestamp now = clock_.now();
        const bool goes_on = options_.speed != 1 || options_.rate.has_value();
        const std::int64_t begin_s =
            goes_on ? std::max(seconds_of(now), generator_->now_s()) : seconds_of(now);
        TRY(advance(begin_s));
        const SteadyTime began = clock_.steady_now();
        const ClockPace clock_pace(now, begin_s);
        SpeedPace speed_pace(began, begin_s, options_.speed);
        RatePace rate_pace(began, options_.rate.value_or(0), generator_->now_s(), records());
        const auto due_s = [&] {
            const SteadyTime tick = clock_.steady_now();
            if (options_.rate) return rate_pace.due_s(tick, generator_->now_s(), records());
            return options_.speed == 1 ? clock_pace.due_s(clock_.now()) : speed_pace.due_s(tick);
        };
        while (!stop_.stop_requested() && generator_->now_s() < end_s()) {
            TRY(advance(due_s()));
            warn_if_ahead(clock_.now());
            sleep_unless_stopped(stop_, kTick);
        }
        return {};
    }

    // Once: who ingests along must know.
    void warn_if_ahead(Timestamp now) {
        if (has_warned_ || generator_->now_s() <= seconds_of(now) + kAheadS) return;
        has_warned_ = true;
        warn_(
            "the simulated clock is 24 hours ahead of now: ingest takes what lies further ahead "
            "only with --ahead-max, such as --ahead-max 1000000h");
    }

    std::uint64_t records() const { return record_count(generator_->counts()); }

    Result<void> advance(std::int64_t until_s) {
        TRY(generator_->advance(std::min(until_s, end_s()), stop_));
        return sink().flush();
    }

    Sink& sink() { return fault_sink_ ? *fault_sink_ : *destination_.sink; }

    // Damaged records change what is true of the rest, so then only counts are promised.
    Result<void> write_key() {
        if (options_.answer_key.empty()) return {};
        const ExpectedTotals& totals = accountant_->finish();
        return write_answer_key(
            options_.answer_key,
            answer_key(fault_sink_->counts(), options_.faults.malformed > 0 ? nullptr : &totals));
    }

    // What the state knows of must be on disk first. The next time counts from the end of
    // this: a large state on a slow disk does not take all the time.
    Result<void> keep_state() {
        if (options_.checkpoint.empty()) return {};
        TRY(destination_.files->sync());
        TRY(generator_->save(options_.checkpoint, {settings_, destination_.files->sizes()}));
        kept_at_ = clock_.steady_now();
        return {};
    }

    const SimulateOptions& options_;
    const RunPlan& plan_;
    const Clock& clock_;
    const std::stop_token& stop_;
    SimulateProgress& progress_;
    const Warn& warn_;
    bool has_warned_ = false;
    SteadyTime kept_at_;  // the state, last
    nlohmann::json settings_;
    Destination destination_;
    std::unique_ptr<FaultSink> fault_sink_;  // where faults are made, or records counted
    std::unique_ptr<Accountant> accountant_;
    std::unique_ptr<Generator> generator_;
};

// Noticed before the work, not after it.
Result<void> check_folder_of(std::string_view option, const std::string& file) {
    const std::filesystem::path parent = std::filesystem::path(file).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    if (file.empty() || ::access(folder.c_str(), W_OK | X_OK) == 0) return {};
    return error(ErrorKind::usage, "{} {}: cannot write to folder {}: {}", option, file, folder,
                 std::strerror(errno));
}

// The checkpoint of a former run, if there is one; its start stands in for one that is not given.
Result<std::optional<CheckpointHeader>> former_run(SimulateOptions& options) {
    if (options.checkpoint.empty()) return std::optional<CheckpointHeader>();
    if (options.compression != Compression::none ||
        compression_of(options.out) != Compression::none) {
        return error(ErrorKind::usage, "--checkpoint continues plain files only, not compressed");
    }
    TRY_ASSIGN(auto kept, read_checkpoint_header(options.checkpoint));
    if (kept && !options.from_ms) options.from_ms = kept->settings.value("from", std::int64_t{0});
    return kept;
}

}  // namespace

Result<SimulateSummary> simulate(SimulateOptions options, const Clock& clock,
                                 const std::stop_token& stop, SimulateProgress& progress,
                                 const Warn& warn) {
    const auto began = std::chrono::steady_clock::now();
    TRY_ASSIGN(const std::string text, read_configuration(options.config));
    TRY_ASSIGN(const Configuration configuration,
               parse_configuration(text, options.config, {.compat = options.compat}));
    for (const std::string& warning : configuration.warnings) warn(warning);
    TRY(check_folder_of("--answer-key", options.answer_key));
    TRY(check_folder_of("--checkpoint", options.checkpoint));
    TRY_ASSIGN(const std::optional<CheckpointHeader> kept, former_run(options));
    TRY_ASSIGN(const RunPlan plan, plan_run(options, configuration, clock.now()));
    TRY_ASSIGN(const Catalogue catalogue, load_catalogue(options));

    Running running(options, plan, clock, stop, progress, warn);
    TRY_ASSIGN(nlohmann::json settings, settings_of(options, plan, text));
    TRY(running.open(kept, std::move(settings)));
    TRY(running.begin(configuration, catalogue, kept.has_value()));
    auto outcome = running.run();
    TRY_ASSIGN(auto deliveries, running.settle());
    if (!outcome && !deliveries) return std::move(outcome).error();
    SimulateSummary summary = running.summary();
    summary.deliveries = std::move(deliveries);
    if (!outcome) summary.failure = std::move(outcome).error();
    summary.resumed = kept.has_value();
    summary.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return summary;
}

}  // namespace bassline::simulator
