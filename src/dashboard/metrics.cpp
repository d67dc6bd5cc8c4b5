// SPDX-License-Identifier: Apache-2.0
#include "dashboard/metrics.hpp"

#include <iterator>

#include <fmt/format.h>

namespace bassline::dashboard {
namespace {

constexpr std::array<double, 6> kBounds = {0.0005, 0.001, 0.005, 0.025, 0.1, 1.0};

void describe(std::string& text, std::string_view name, std::string_view type,
              std::string_view help) {
    fmt::format_to(std::back_inserter(text), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
}

void gauge(std::string& text, std::string_view name, std::string_view help, double value) {
    describe(text, name, "gauge", help);
    fmt::format_to(std::back_inserter(text), "{} {}\n", name, value);
}

double seconds_between(Timestamp from, Timestamp to) {
    return std::chrono::duration<double>(to - from).count();
}

void describe_gold(std::string& text, const GoldStore::State& state, Timestamp now) {
    gauge(text, "bassline_dashboard_ready", "1 if a snapshot is loaded.", state.gold ? 1 : 0);
    describe(text, "bassline_dashboard_load_failures_total", "counter",
             "Snapshots that could not be loaded, each try counted.");
    fmt::format_to(std::back_inserter(text), "bassline_dashboard_load_failures_total {}\n",
                   state.failures);
    if (!state.gold) return;
    gauge(text, "bassline_snapshot_number", "Snapshot on the page.",
          static_cast<double>(state.gold->snapshot));
    gauge(text, "bassline_snapshot_age_seconds", "Time since the snapshot was committed.",
          seconds_between(state.gold->built_at, now));
    gauge(text, "bassline_watermark_age_seconds", "Time since the newest event in the data.",
          seconds_between(state.gold->watermark, now));
}

}  // namespace

void RequestMetrics::count(std::string_view route, int status, std::chrono::nanoseconds duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    const std::lock_guard lock(mutex_);
    ++requests_[{std::string(route), status}];
    Durations& durations = durations_[std::string(route)];
    for (std::size_t at = 0; at < kBounds.size(); ++at) {
        if (seconds <= kBounds[at]) ++durations.buckets[at];
    }
    ++durations.count;
    durations.seconds += seconds;
}

std::string RequestMetrics::text(const GoldStore::State& state, Timestamp now) const {
    std::string text;
    describe_gold(text, state, now);
    const auto out = std::back_inserter(text);
    const std::lock_guard lock(mutex_);
    describe(text, "bassline_http_requests_total", "counter", "Requests answered.");
    for (const auto& [key, count] : requests_) {
        fmt::format_to(out, "bassline_http_requests_total{{route=\"{}\",status=\"{}\"}} {}\n",
                       key.first, key.second, count);
    }
    constexpr std::string_view name = "bassline_http_request_duration_seconds";
    describe(text, name, "histogram", "Time to compute an answer.");
    for (const auto& [route, durations] : durations_) {
        for (std::size_t at = 0; at < kBounds.size(); ++at) {
            fmt::format_to(out, "{}_bucket{{route=\"{}\",le=\"{}\"}} {}\n", name, route,
                           kBounds[at], durations.buckets[at]);
        }
        fmt::format_to(out,
                       "{0}_bucket{{route=\"{1}\",le=\"+Inf\"}} {2}\n{0}_sum{{route=\"{1}\"}} {3}\n"
                       "{0}_count{{route=\"{1}\"}} {2}\n",
                       name, route, durations.count, durations.seconds);
    }
    return text;
}

}  // namespace bassline::dashboard
