// SPDX-License-Identifier: Apache-2.0
#include "pipeline/freshness.hpp"

#include <algorithm>
#include <vector>

namespace bassline::pipeline {
namespace {

constexpr std::size_t kSamplesMax = 20'000;   // half an hour of appends ten times a second
constexpr std::size_t kWaitingMax = 100'000;  // of a source whose events nobody builds

double seconds_between(Freshness::Instant from, Freshness::Instant to) {
    return std::chrono::duration<double>(to - from).count();
}

double quantile(const std::vector<double>& sorted, double share) {
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(share * last)];
}

}  // namespace

void Freshness::appended(std::int64_t newest_event_ms, Instant at) {
    const std::lock_guard lock(mutex_);
    if (!waiting_.empty() && waiting_.back().newest_event_ms >= newest_event_ms) return;
    if (waiting_.size() < kWaitingMax) waiting_.push_back({newest_event_ms, at});
}

void Freshness::shown(std::int64_t watermark_ms, Instant at) {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && waiting_.front().newest_event_ms <= watermark_ms) {
        seconds_.push_back(seconds_between(waiting_.front().at, at));
        waiting_.pop_front();
        if (seconds_.size() > kSamplesMax) seconds_.pop_front();
    }
}

Freshness::Report Freshness::report(Instant now) const {
    std::vector<double> sorted;
    Report report;
    {
        const std::lock_guard lock(mutex_);
        sorted.assign(seconds_.begin(), seconds_.end());
        if (!waiting_.empty()) report.oldest_waiting_s = seconds_between(waiting_.front().at, now);
    }
    report.samples = sorted.size();
    if (sorted.empty()) return report;
    std::ranges::sort(sorted);
    report.p50_s = quantile(sorted, 0.5);
    report.p99_s = quantile(sorted, 0.99);
    report.max_s = sorted.back();
    return report;
}

}  // namespace bassline::pipeline
