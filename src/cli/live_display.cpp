// SPDX-License-Identifier: Apache-2.0
#include "cli/live_display.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.hpp"

namespace bassline::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{500};
constexpr std::chrono::milliseconds kLogInterval{10'000};
constexpr ScreenSize kSizeDefault{.rows = 24, .columns = 80};

ScreenSize screen_size() {
    winsize size{};
    const bool is_known =
        ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    return is_known ? ScreenSize{.rows = size.ws_row, .columns = size.ws_col} : kSizeDefault;
}

}  // namespace

std::string redrawn(const std::vector<std::string>& lines, const ScreenSize& size) {
    const std::size_t count = std::min(lines.size(), size.rows);
    std::string text;
    for (std::size_t at = 0; at < count; ++at) {
        text += fmt::format("{}\r{}\x1b[K", at > 0 ? "\n" : "",
                            std::string_view(lines[at]).substr(0, size.columns - 1));
    }
    text += "\x1b[J\r";  // what a longer drawing left below
    if (count > 1) text += fmt::format("\x1b[{}A", count - 1);
    return text;
}

LiveDisplay::LiveDisplay(std::function<std::vector<std::string>()> lines,
                         std::function<std::string()> line)
    : lines_(std::move(lines)),
      line_(std::move(line)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LiveDisplay::~LiveDisplay() {
    thread_.request_stop();
    thread_.join();
    if (terminal_) fmt::print(stderr, "\r\x1b[J");
}

void LiveDisplay::run(const std::stop_token& stop) const {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    const auto interval = terminal_ ? kTerminalInterval : kLogInterval;
    while (!stopped.wait_for(lock, stop, interval, [&stop] { return stop.stop_requested(); })) {
        if (!terminal_) {
            log_info("{}", line_());
            continue;
        }
        fmt::print(stderr, "{}", redrawn(lines_(), screen_size()));
        std::fflush(stderr);
    }
}

}  // namespace bassline::cli
