// SPDX-License-Identifier: Apache-2.0
#include "cli/live_display.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.hpp"

namespace bassline::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{500};
constexpr std::chrono::milliseconds kLogInterval{10'000};
constexpr std::size_t kColumnsDefault = 120;

std::size_t columns() {
    winsize size{};
    const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return is_known ? size.ws_col : kColumnsDefault;
}

}  // namespace

LiveDisplay::LiveDisplay(std::function<std::string()> line)
    : line_(std::move(line)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LiveDisplay::~LiveDisplay() {
    thread_.request_stop();
    thread_.join();
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
}

void LiveDisplay::run(const std::stop_token& stop) const {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    const auto interval = terminal_ ? kTerminalInterval : kLogInterval;
    while (!stopped.wait_for(lock, stop, interval, [&stop] { return stop.stop_requested(); })) {
        const std::string line = line_();
        if (!terminal_) {
            log_info("{}", line);
            continue;
        }
        // The cursor goes back to the start, so that whatever is logged next begins there.
        fmt::print(stderr, "\r\x1b[K{}\r", line.substr(0, columns() - 1));
        std::fflush(stderr);
    }
}

}  // namespace bassline::cli
