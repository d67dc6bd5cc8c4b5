// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

namespace bassline {

Timestamp SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

double seconds_since(SteadyTime began, const Clock& clock) {
    return std::chrono::duration<double>(clock.steady_now() - began).count();
}

Date date_of_ms(std::int64_t epoch_ms) {
    return std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(epoch_ms)));
}

void sleep_unless_stopped(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, time, [] { return false; });
}

std::string format_date(Date date) {
    const std::chrono::year_month_day ymd{date};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                       static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

std::string format_rfc3339(Timestamp time) {
    const Date date = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::hh_mm_ss clock{time - date};
    return fmt::format("{}T{:02}:{:02}:{:02}.{:06}Z", format_date(date), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace bassline
