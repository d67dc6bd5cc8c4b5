// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace bassline {
namespace {

spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger> kLogger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "bassline", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::info);
        return made;
    }();
    return *kLogger;
}

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string escaped(std::string_view message) {
    std::string line;
    line.reserve(message.size());
    for (const char byte : message) {
        if (byte == '\n') {
            line += "\n  ";  // a further line of the same message, never the start of another
        } else if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) {
            line += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        } else {
            line += byte;
        }
    }
    return line;
}

}  // namespace

void log_line(LogLevel level, std::string_view message) {
    const char* prefix = level == LogLevel::warn    ? "warning: "
                         : level == LogLevel::error ? "error: "
                                                    : "";
    logger().log(level_of(level), "{}{}", prefix, escaped(message));
}

}  // namespace bassline
