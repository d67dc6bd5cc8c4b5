// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "dashboard/gold_store.hpp"
#include "net/metrics_text.hpp"

// What /metrics says, in Prometheus' text format 0.0.4: requests by route and status, their
// duration, and how old the data is. Labels are bounded: routes are patterns, never paths. Any
// thread.
namespace bassline::dashboard {

class RequestMetrics {
public:
    void count(std::string_view route, int status, std::chrono::nanoseconds duration);

    /// `event_now`: the time by the clock of the events, which may be a simulated one.
    std::string text(const GoldStore::State& state, Timestamp now, Timestamp event_now) const;

private:
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, int>, std::uint64_t> requests_;
    std::map<std::string, net::Histogram> durations_;  // by route
};

}  // namespace bassline::dashboard
