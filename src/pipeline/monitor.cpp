// SPDX-License-Identifier: Apache-2.0
#include "pipeline/monitor.hpp"

#include <fmt/format.h>

namespace bassline::pipeline {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kRateWindow{10};

Timestamp timestamp_of(std::int64_t epoch_s) {
    return Timestamp(std::chrono::seconds(epoch_s));
}

nlohmann::json optional_json(const std::optional<double>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
}

}  // namespace

void RateMeter::add(std::uint64_t count, Instant at) {
    sum_ += count;
    samples_.push_back({at, sum_});
    while (samples_.size() > 2 && at - samples_[1].at >= kRateWindow) samples_.pop_front();
}

double RateMeter::per_second(Instant now) const {
    if (samples_.size() < 2 || now - samples_.back().at >= kRateWindow) return 0;
    const std::chrono::duration<double> passed = now - samples_.front().at;
    return static_cast<double>(sum_ - samples_.front().count) / passed.count();
}

void Monitor::appended(std::uint64_t records, std::int64_t newest_event_ms) {
    const auto now = steady_clock::now();
    freshness_.appended(newest_event_ms, now);
    const std::lock_guard lock(mutex_);
    appended_.add(records, now);
}

void Monitor::committed(const lake::Entry& entry) {
    std::uint64_t consumed = 0;
    const std::lock_guard lock(mutex_);
    for (const auto& [topic, counted] : entry.counters) {
        consumed += counted.consumed;
        view_.written += counted.written;
        view_.quarantined += counted.quarantined;
    }
    ++view_.commits;
    committed_.add(consumed, steady_clock::now());
}

void Monitor::build_begins() {
    const std::lock_guard lock(mutex_);
    view_.is_building = true;
}

void Monitor::build_ended(const models::BuildReport& report) {
    const std::lock_guard lock(mutex_);
    view_.is_building = false;
    const bool failed = report.outcome == models::BuildOutcome::test_failed ||
                        report.outcome == models::BuildOutcome::model_failed;
    view_.failed_in_a_row = failed ? view_.failed_in_a_row + 1 : 0;
    if (report.outcome == models::BuildOutcome::nothing_new) return;
    ++(report.outcome == models::BuildOutcome::published ? view_.builds : view_.failed_builds);
    view_.last_build_s = report.seconds;
    view_.last_build_dates = report.dates_written;
}

void Monitor::build_failed() {
    const std::lock_guard lock(mutex_);
    view_.is_building = false;
    ++view_.failed_builds;
    ++view_.failed_in_a_row;
}

void Monitor::compacted() {
    const std::lock_guard lock(mutex_);
    ++view_.compactions;
}

void Monitor::shown(std::uint64_t snapshot, Timestamp watermark) {
    freshness_.shown(watermark.time_since_epoch().count() / 1000, steady_clock::now());
    const std::lock_guard lock(mutex_);
    view_.snapshot = snapshot;
}

PipelineView Monitor::view(std::optional<SourceView> source) const {
    const auto now = steady_clock::now();
    PipelineView view;
    {
        const std::lock_guard lock(mutex_);
        view = view_;
        view.source_records_per_s = appended_.per_second(now);
        view.ingest_records_per_s = committed_.per_second(now);
    }
    view.source = source;
    view.freshness = freshness_.report(now);
    return view;
}

nlohmann::json to_json(const PipelineView& view) {
    nlohmann::json source;
    if (view.source) {
        source = {{"simulated_now", format_rfc3339(timestamp_of(view.source->now_s))},
                  {"speed", view.source->speed},
                  {"records", view.source->records},
                  {"records_per_second", view.source_records_per_s},
                  {"segments", view.source->segments},
                  {"lag_bytes", view.source->lag_bytes}};
    }
    return {{"source", std::move(source)},
            {"ingest",
             {{"commits", view.commits},
              {"rows", view.written},
              {"quarantined", view.quarantined},
              {"records_per_second", view.ingest_records_per_s}}},
            {"build",
             {{"building", view.is_building},
              {"builds", view.builds},
              {"failed", view.failed_builds},
              {"last_seconds", view.last_build_s},
              {"last_dates", view.last_build_dates},
              {"compactions", view.compactions}}},
            {"charts",
             {{"snapshot", view.snapshot},
              {"age_seconds",
               view.source ? nlohmann::json(view.freshness.oldest_waiting_s) : nlohmann::json()},
              {"latency_p50_seconds", optional_json(view.freshness.p50_s)},
              {"latency_p99_seconds", optional_json(view.freshness.p99_s)},
              {"latency_max_seconds", optional_json(view.freshness.max_s)},
              {"latency_samples", view.freshness.samples}}}};
}

std::string to_line(const PipelineView& view) {
    std::string line;
    if (view.source) {
        line += fmt::format("{} ({:.0f}x)  {:.0f} events/s  ",
                            format_rfc3339(timestamp_of(view.source->now_s)).substr(0, 16) + "Z",
                            view.source->speed, view.source_records_per_s);
    }
    if (view.freshness.p99_s) {
        line += fmt::format("charts {:.1f} s behind (p50 {:.1f}, p99 {:.1f})  ",
                            view.freshness.oldest_waiting_s, *view.freshness.p50_s,
                            *view.freshness.p99_s);
    }
    if (view.failed_builds > 0) line += fmt::format("{} builds FAILED  ", view.failed_builds);
    line += fmt::format("ingest {:.0f}/s, {} rows, {} refused", view.ingest_records_per_s,
                        view.written, view.quarantined);
    if (view.source)
        line +=
            fmt::format(", {:.1f} MB behind", static_cast<double>(view.source->lag_bytes) / 1e6);
    line += fmt::format("  build {}{:.1f} s, {} done", view.is_building ? "* " : "",
                        view.last_build_s, view.builds);
    return line;
}

std::vector<std::string> to_lines(const PipelineView& view) {
    std::vector<std::string> lines;
    if (view.failed_in_a_row > 0) {
        lines.push_back(fmt::format("FAILED   {} builds in a row; the charts stay as they were",
                                    view.failed_in_a_row));
    }
    std::string behind;
    if (view.source) {
        lines.push_back(fmt::format("simulate {}Z ({:.0f}x), {:.0f} events/s",
                                    format_rfc3339(timestamp_of(view.source->now_s)).substr(0, 16),
                                    view.source->speed, view.source_records_per_s));
        behind =
            fmt::format(", {:.1f} MB behind", static_cast<double>(view.source->lag_bytes) / 1e6);
    }
    lines.push_back(fmt::format("ingest   {:.0f}/s, {} rows, {} refused{}",
                                view.ingest_records_per_s, view.written, view.quarantined, behind));
    lines.push_back(fmt::format("build    {}{:.1f} s, {} done, {} failed, {} compactions",
                                view.is_building ? "* " : "", view.last_build_s, view.builds,
                                view.failed_builds, view.compactions));
    std::string charts = fmt::format("charts   snapshot {}", view.snapshot);
    if (view.source) charts += fmt::format(", {:.1f} s behind", view.freshness.oldest_waiting_s);
    if (view.freshness.p50_s && view.freshness.p99_s) {
        charts +=
            fmt::format(" (p50 {:.1f}, p99 {:.1f})", *view.freshness.p50_s, *view.freshness.p99_s);
    }
    lines.push_back(std::move(charts));
    return lines;
}

}  // namespace bassline::pipeline
