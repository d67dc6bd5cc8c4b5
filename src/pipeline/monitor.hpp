// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "lake/chain.hpp"
#include "models/build.hpp"
#include "pipeline/freshness.hpp"

// What each stage of a `run` is doing, for the terminal and the page. Stages tell it, viewers ask;
// any thread.
namespace bassline::pipeline {

/// How fast a growing count grows, over the last ten seconds.
class RateMeter {
public:
    using Instant = std::chrono::steady_clock::time_point;
    void add(std::uint64_t count, Instant at);
    double per_second(Instant now) const;

private:
    struct Sample {
        Instant at;
        std::uint64_t count;
    };
    std::deque<Sample> samples_;  // one older than the window at most
    std::uint64_t sum_ = 0;
};

/// Of a simulated source; the caller fills it in.
struct SourceView {
    std::int64_t now_s = 0;  // simulated, epoch seconds
    double speed = 0;        // simulated seconds a second, measured
    std::uint64_t records = 0;
    std::uint64_t segments = 0;
    std::uint64_t lag_bytes = 0;  // appended and not in bronze
};

struct PipelineView {
    std::optional<SourceView> source;
    double source_records_per_s = 0;
    std::uint64_t commits = 0;
    std::uint64_t written = 0;
    std::uint64_t quarantined = 0;
    double ingest_records_per_s = 0;
    bool is_building = false;
    std::uint64_t builds = 0;
    std::uint64_t failed_builds = 0;
    std::uint64_t failed_in_a_row = 0;  // builds since the last one that did not fail
    double last_build_s = 0;
    std::size_t last_build_dates = 0;
    std::uint64_t snapshot = 0;  // on the charts
    std::uint64_t compactions = 0;
    Freshness::Report freshness;
};

class Monitor {
public:
    using Instant = std::chrono::steady_clock::time_point;

    void appended(std::uint64_t records, std::int64_t newest_event_ms);
    void committed(const lake::Entry& entry);
    void build_begins();
    void build_ended(const models::BuildReport& report);
    void build_failed();
    void compacted();
    void shown(std::uint64_t snapshot, Timestamp watermark);

    PipelineView view(std::optional<SourceView> source) const;

private:
    mutable std::mutex mutex_;
    PipelineView view_;
    RateMeter appended_;
    RateMeter committed_;
    Freshness freshness_;
};

/// As `/api/v1/pipeline` answers (docs/formats/api.md).
nlohmann::json to_json(const PipelineView& view);

/// The same in one line for a terminal.
std::string to_line(const PipelineView& view);

/// The same with a line a stage, before them builds that fail now; ASCII.
std::vector<std::string> to_lines(const PipelineView& view);

}  // namespace bassline::pipeline
