// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "ingest/batch.hpp"

namespace bassline::cli {

/// Shows how far a stage is, on stderr, until it goes out of scope: a bar on a terminal, a plain
/// line every few seconds otherwise. Other output to stderr passes `around`, so that it does not
/// break the bar.
class ProgressDisplay {
public:
    struct State {
        double share;  // done, 0 to 1; below 0 if nobody knows
        std::string text;
    };
    /// Tells the state after so many seconds; called from the display's own thread.
    using Look = std::function<State(double seconds)>;

    explicit ProgressDisplay(Look look);
    explicit ProgressDisplay(const ingest::Progress& progress);
    ~ProgressDisplay();

    void around(const std::function<void()>& print);

private:
    void show();
    void run(const std::stop_token& stop);

    const Look look_;
    const bool terminal_;
    const std::chrono::steady_clock::time_point began_;
    std::mutex mutex_;  // of stderr
    bool shown_ = false;
    std::jthread thread_;
};

/// "45 %  123 MB of 270 MB  812,000 events/s  3 s left"; pure. Without a known total (a stream)
/// only what was read.
std::string progress_text(std::uint64_t bytes, std::uint64_t bytes_total, std::uint64_t lines,
                          double seconds);

/// "1,234,568": a whole number with commas.
std::string with_commas(double number);

}  // namespace bassline::cli
