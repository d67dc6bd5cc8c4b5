// SPDX-License-Identifier: Apache-2.0
#include "base/failpoint.hpp"

#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace bassline {

std::atomic<bool> failpoints_armed{false};

namespace {

struct Armed {
    std::string action;
    std::uint64_t at = 1;
    std::uint64_t passed = 0;
};

std::mutex armed_mutex;
std::map<std::string, Armed, std::less<>> armed;

Result<void> arm(std::string_view entry) {
    const std::lock_guard lock(armed_mutex);
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) {
        return error(ErrorKind::config, "BASSLINE_FAILPOINTS: expected name=action, got '{}'",
                     entry);
    }
    Armed place{.action = std::string(entry.substr(equals + 1))};
    if (const std::size_t at = place.action.find('@'); at != std::string::npos) {
        place.at = std::strtoull(place.action.c_str() + at + 1, nullptr, 10);
        place.action.resize(at);
    }
    if ((place.action != "kill" && place.action != "eio" && place.action != "enospc") ||
        place.at == 0) {
        return error(ErrorKind::config, "BASSLINE_FAILPOINTS: unknown action in '{}'", entry);
    }
    armed[std::string(entry.substr(0, equals))] = place;
    return {};
}

}  // namespace

Result<void> detail::pass_failpoint(std::string_view name) {
    const std::lock_guard lock(armed_mutex);
    const auto found = armed.find(name);
    if (found == armed.end() || ++found->second.passed != found->second.at) return {};
    if (found->second.action == "kill") {
        (void)std::raise(SIGKILL);
    }
    const char* reason =
        found->second.action == "enospc" ? "no space left on device" : "input/output error";
    return error(ErrorKind::io, "{} (failpoint {})", reason, name);
}

Result<void> arm_failpoints_from_environment() {
    const char* setting = std::getenv("BASSLINE_FAILPOINTS");
    if (setting == nullptr) return {};
    {
        const std::lock_guard lock(armed_mutex);
        armed.clear();  // of an earlier call, in a test
    }
    std::string_view rest = setting;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        TRY(arm(rest.substr(0, comma)));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    failpoints_armed.store(true, std::memory_order_relaxed);
    return {};
}

}  // namespace bassline
