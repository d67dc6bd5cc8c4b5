// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include <fmt/format.h>

// Logs for people, on stderr, one line each; results go to stdout and never through here.
namespace bassline {

enum class LogLevel { debug, info, warn, error };

/// Writes one message. Thread-safe. Further lines are indented, control bytes escaped.
void log_line(LogLevel level, std::string_view message);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::warn, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace bassline
