// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace bassline::cli {
namespace {

constexpr std::chrono::milliseconds kBarInterval{200};
constexpr std::chrono::seconds kLineInterval{5};
constexpr std::size_t kBarWidth = 24;
constexpr double kMegabyte = 1e6;

double share(std::uint64_t bytes, std::uint64_t total) {
    return total == 0 ? 0 : std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total));
}

std::string bar(double done) {
    const auto filled = static_cast<std::size_t>(done * kBarWidth);
    return fmt::format("[{}{}] ", std::string(filled, '#'), std::string(kBarWidth - filled, '-'));
}

ProgressDisplay::State state_of(const ingest::Progress& progress, double seconds) {
    const std::uint64_t bytes = progress.input_bytes;
    const std::uint64_t total = progress.input_bytes_total;
    return {total > 0 ? share(bytes, total) : -1,
            progress_text(bytes, total, progress.lines, seconds)};
}

}  // namespace

std::string with_commas(double number) {
    const std::string digits = fmt::format("{:.0f}", number);
    std::string text;
    for (std::size_t at = 0; at < digits.size(); ++at) {
        if (at > 0 && (digits.size() - at) % 3 == 0) text += ',';
        text += digits[at];
    }
    return text;
}

std::string progress_text(std::uint64_t bytes, std::uint64_t bytes_total, std::uint64_t lines,
                          double seconds) {
    const double rate = seconds > 0 ? static_cast<double>(lines) / seconds : 0;
    const double megabytes = static_cast<double>(bytes) / kMegabyte;
    if (bytes_total == 0) {
        return fmt::format("{:.1f} MB  {} events/s", megabytes, with_commas(rate));
    }
    const double done = share(bytes, bytes_total);
    std::string text =
        fmt::format("{:3.0f} %  {:.1f} of {:.1f} MB  {} events/s", done * 100, megabytes,
                    static_cast<double>(bytes_total) / kMegabyte, with_commas(rate));
    if (done > 0) text += fmt::format("  {:.0f} s left", seconds / done - seconds);
    return text;
}

ProgressDisplay::ProgressDisplay(const ingest::Progress& progress)
    : ProgressDisplay([&progress](double seconds) { return state_of(progress, seconds); }) {}

ProgressDisplay::ProgressDisplay(Look look)
    : look_(std::move(look)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      began_(std::chrono::steady_clock::now()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

ProgressDisplay::~ProgressDisplay() {
    thread_.request_stop();
    thread_.join();
    if (terminal_ && shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressDisplay::around(const std::function<void()>& print) {
    const std::lock_guard lock(mutex_);
    if (terminal_ && shown_) fmt::print(stderr, "\r\x1b[K");
    print();
}

void ProgressDisplay::show() {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    const State state = look_(took.count());
    if (terminal_) {
        fmt::print(stderr, "\r\x1b[K{}{}", state.share >= 0 ? bar(state.share) : "", state.text);
    } else {
        fmt::print(stderr, "{}\n", state.text);
    }
    std::fflush(stderr);
    shown_ = true;
}

void ProgressDisplay::run(const std::stop_token& stop) {
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex_);
    const auto interval =
        terminal_ ? kBarInterval
                  : std::chrono::duration_cast<std::chrono::milliseconds>(kLineInterval);
    while (!stopped.wait_for(lock, stop, interval, [&stop] { return stop.stop_requested(); })) {
        show();
    }
}

}  // namespace bassline::cli
