// SPDX-License-Identifier: Apache-2.0
#include "dashboard/metrics.hpp"

#include <array>

namespace bassline::dashboard {
namespace {

using net::MetricType;

constexpr std::array<double, 6> kBounds = {0.0005, 0.001, 0.005, 0.025, 0.1, 1.0};

double seconds_between(Timestamp from, Timestamp to) {
    return std::chrono::duration<double>(to - from).count();
}

void describe_gold(net::MetricsText& text, const GoldStore::State& state, Timestamp now,
                   Timestamp event_now) {
    text.add_single("bassline_dashboard_ready", MetricType::gauge, "1 if a snapshot is loaded.",
                    state.gold ? 1 : 0);
    text.add_single("bassline_dashboard_load_failures_total", MetricType::counter,
                    "Snapshots that could not be loaded, each try counted.",
                    static_cast<double>(state.failures));
    if (!state.gold) return;
    text.add_single("bassline_snapshot_number", MetricType::gauge, "Snapshot on the page.",
                    static_cast<double>(state.gold->snapshot));
    text.add_single("bassline_snapshot_age_seconds", MetricType::gauge,
                    "Time since the snapshot was committed.",
                    seconds_between(state.gold->built_at, now));
    text.add_single("bassline_watermark_age_seconds", MetricType::gauge,
                    "Time since the newest event in the data, by the clock of the events.",
                    seconds_between(state.gold->watermark, event_now));
}

}  // namespace

void RequestMetrics::count(std::string_view route, int status, std::chrono::nanoseconds duration) {
    const std::lock_guard lock(mutex_);
    ++requests_[{std::string(route), status}];
    durations_.try_emplace(std::string(route), kBounds)
        .first->second.observe(std::chrono::duration<double>(duration).count());
}

std::string RequestMetrics::text(const GoldStore::State& state, Timestamp now,
                                 Timestamp event_now) const {
    net::MetricsText text;
    describe_gold(text, state, now, event_now);
    const std::lock_guard lock(mutex_);
    text.begin("bassline_http_requests_total", MetricType::counter, "Requests answered.");
    for (const auto& [key, count] : requests_) {
        text.add({{"route", key.first}, {"status", std::to_string(key.second)}},
                 static_cast<double>(count));
    }
    text.begin("bassline_http_request_duration_seconds", MetricType::histogram,
               "Time to compute an answer.");
    for (const auto& [route, durations] : durations_) text.add({{"route", route}}, durations);
    return text.take();
}

}  // namespace bassline::dashboard
