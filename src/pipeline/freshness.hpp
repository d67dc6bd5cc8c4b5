// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

// How long it takes from the append of an event at the source to a chart that shows it. Measured on
// every append, with a clock that does not jump. Any thread.
namespace bassline::pipeline {

class Freshness {
public:
    using Instant = std::chrono::steady_clock::time_point;

    struct Report {
        std::optional<double> p50_s;  // none before the first chart
        std::optional<double> p99_s;
        std::optional<double> max_s;
        std::size_t samples = 0;
        double oldest_waiting_s = 0;  // the charts' true age: of the oldest append not shown yet
    };

    /// The source has events up to this one, from now on.
    void appended(std::int64_t newest_event_ms, Instant at);
    /// The charts show all events up to the watermark.
    void shown(std::int64_t watermark_ms, Instant at);

    Report report(Instant now) const;

private:
    struct Append {
        std::int64_t newest_event_ms;
        Instant at;
    };

    mutable std::mutex mutex_;
    std::deque<Append> waiting_;
    std::deque<double> seconds_;  // the latest kSamplesMax
};

}  // namespace bassline::pipeline
