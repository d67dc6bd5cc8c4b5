// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "dashboard/gold_store.hpp"

// What /metrics says, in Prometheus' text format 0.0.4: requests by route and status, their
// duration, and how old the data is. Labels are bounded: routes are patterns, never paths. Any
// thread.
namespace bassline::dashboard {

class RequestMetrics {
public:
    void count(std::string_view route, int status, std::chrono::nanoseconds duration);

    std::string text(const GoldStore::State& state, Timestamp now) const;

private:
    struct Durations {
        std::array<std::uint64_t, 6> buckets{};  // cumulative; the bounds stand in the source
        std::uint64_t count = 0;
        double seconds = 0;
    };

    mutable std::mutex mutex_;
    std::map<std::pair<std::string, int>, std::uint64_t> requests_;
    std::map<std::string, Durations, std::less<>> durations_;
};

}  // namespace bassline::dashboard
